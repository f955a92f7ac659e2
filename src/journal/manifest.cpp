#include "journal/manifest.hpp"

#include <span>

#include "base/crc32c.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr std::string_view kManifestName = "MANIFEST";
/// More than the segments of several terabytes need; what is longer was not written by a journal.
constexpr std::uint64_t kMostManifestBytes = std::uint64_t{16} << 20U;

std::string hex(std::uint64_t value) {
  return hex_digits(value, 16);
}

std::string line_of(const SegmentEntry& segment) {
  std::string end = "open";
  if (segment.end) {
    end = "end " + std::to_string(*segment.end) + " sealed " + std::to_string(segment.sealed_ns);
    if (segment.events) end += " events " + std::to_string(*segment.events);
  }
  return "segment shard " + std::to_string(segment.shard) + " begin " + std::to_string(segment.begin) +
         " bytes " + std::to_string(segment.bytes) + " " + end + " epoch " + hex(segment.epoch) + " salt " +
         hex(segment.salt) + "\n";
}

std::string line_of(const TailUnknown& tail) {
  return "tail-unknown shard " + std::to_string(tail.shard) + " position " + std::to_string(tail.position) +
         " epoch " + hex(tail.epoch) + "\n";
}

/// What stands in the way of writing `text` for `manifest`. Whatever could not be read again must not be
/// written; so reading it is the test, whose rules are then in one place.
Result<void> check_readable(const Manifest& manifest, const std::string& text, const std::string& path) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::invalid_option,
                 path + " was not replaced, since it could not be read again: " + why};
  };
  if (text.size() > kMostManifestBytes) {
    return refused("it would have " + std::to_string(text.size()) + " bytes, and at most " +
                   std::to_string(kMostManifestBytes) + " are read; use larger segments or keep fewer");
  }
  auto again = parse_manifest(text, path);
  if (!again) return refused(again.error().message);
  if (*again != manifest) return refused("a name or path in it has a line break");
  return {};
}

}  // namespace

std::string segment_name(const SegmentEntry& segment) {
  return "shard-" + hex_digits(segment.shard, 4) + "-" + hex(segment.begin) + "-" + hex(segment.salt) +
         ".segment";
}

std::string to_text(const Manifest& manifest) {
  std::string text = "sluice journal " + std::to_string(kFormatVersion) + "\n";
  text += "journal " + manifest.journal.to_string() + "\n";
  text += "generation " + std::to_string(manifest.generation) + "\n";
  text += "features incompatible " + hex(manifest.incompatible) + " compatible " + hex(manifest.compatible) +
          "\n";
  text += "epoch " + hex(manifest.epoch) + "\n";
  text += "control " + manifest.control_log + "\n";
  text += "ring " + (manifest.ring_file.empty() ? "none" : manifest.ring_file) + "\n";
  text += manifest.closed ? "closed yes\n" : "closed no\n";
  for (const SegmentEntry& segment : manifest.segments) text += line_of(segment);
  for (const TailUnknown& tail : manifest.tails_unknown) text += line_of(tail);
  for (const std::string& name : manifest.dropped) text += "dropped " + name + "\n";
  return text + "crc32c " + hex_digits(crc32c(std::as_bytes(std::span(text))), 8) + "\n";
}

Result<std::optional<Manifest>> load_manifest(FileSystem& files, const std::string& directory) {
  const std::string path = join_path(directory, kManifestName);
  auto exists = files.exists(path);
  if (!exists) return std::move(exists).error();
  if (!*exists) return std::optional<Manifest>();
  auto bytes = read_file(files, path, kMostManifestBytes);
  if (!bytes) return std::move(bytes).error();
  auto parsed =
      parse_manifest(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()), path);
  if (!parsed) return std::move(parsed).error();
  return std::optional<Manifest>(*std::move(parsed));
}

Result<void> store_manifest(FileSystem& files, const std::string& directory, Manifest& manifest) {
  const std::string path = join_path(directory, kManifestName);
  Manifest next = manifest;
  ++next.generation;
  const std::string text = to_text(next);
  if (auto readable = check_readable(next, text, path); !readable) return readable;
  // Even if the disk fails now, the new one may be there already: no other may have its number.
  manifest.generation = next.generation;
  return replace_file(files, path, std::as_bytes(std::span(text)));
}

}  // namespace sluice::detail

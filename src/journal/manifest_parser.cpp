#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "base/crc32c.hpp"
#include "journal/manifest.hpp"
#include "journal/text.hpp"
#include "journal/words.hpp"

namespace sluice::detail {

namespace {

constexpr std::string_view kMagicWords = "sluice journal ";
constexpr std::size_t kMaxPathBytes = 4095;  // Linux's PATH_MAX, less its final zero.
constexpr std::uint64_t kMostTime = ~std::uint64_t{0} >> 1U;
constexpr std::uint64_t kAlignmentBytes = 32;  // of records, and so of positions

/// Shard, position and a number that was drawn at random: never the same for two segments, or two unknown
/// tails.
using Place = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>;

class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Result<Manifest> parse() {
    if (auto version = read_version(); !version) return std::move(version).error();
    if (auto head = read_head(); !head) return std::move(head).error();
    while (next_is("segment")) {
      if (auto read = read_line([this](Words& words) { read_segment(words); }); !read) return read.error();
    }
    while (next_is("tail-unknown")) {
      if (auto read = read_line([this](Words& words) { read_tail(words); }); !read) return read.error();
    }
    while (next_is("dropped")) {
      if (auto read = read_line([this](Words& words) { read_dropped(words); }); !read) return read.error();
    }
    if (auto end = read_end(); !end) return std::move(end).error();
    return std::move(manifest_);
  }

 private:
  [[nodiscard]] Error corrupt(const std::string& what) const {
    return {ErrorCode::corrupt, path_ + ", line " + std::to_string(line_number_) + ": " + what};
  }

  [[nodiscard]] bool next_is(std::string_view key) const noexcept {
    return text_.substr(at_, key.size()) == key && text_.substr(at_ + key.size(), 1) == " ";
  }

  Result<std::string_view> next_line() {
    ++line_number_;
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) {
      return corrupt(at_ == text_.size() ? "the file ends, and no checksum was seen"
                                         : "the file ends within this line");
    }
    // In a statement of its own: in which order a call's arguments are computed is the compiler's choice.
    const std::size_t begin = std::exchange(at_, end + 1);
    return text_.substr(begin, end - begin);
  }

  /// One line, read to its end by `read`.
  template <class Read>
  Result<void> read_line(Read&& read) {
    auto line = next_line();
    if (!line) return std::move(line).error();
    Words words(*line);
    read(words);
    words.end();
    if (!words.fault().empty()) return corrupt(words.fault());
    return {};
  }

  /// Before anything else: what a newer version writes behind its first line is not ours to judge.
  Result<void> read_version() {
    auto line = next_line();
    if (!line) return std::move(line).error();
    if (line->substr(0, kMagicWords.size()) != kMagicWords) {
      return corrupt("this is no manifest of a journal; it begins with " + shown(*line));
    }
    Words words(line->substr(kMagicWords.size()));
    const std::uint64_t version = words.number();
    words.end();
    if (words.fault().empty() && version == 0) words.fail("format versions begin with 1");
    if (!words.fault().empty()) return corrupt(words.fault());
    if (version > kFormatVersion) return Error{ErrorCode::newer_format, too_new(path_, version)};
    return {};
  }

  Result<void> read_head() {
    if (auto read = read_line([this](Words& words) { read_journal(words); }); !read) return read;
    if (auto read = read_line([this](Words& w) { manifest_.generation = w.word("generation").number(); });
        !read) {
      return read;
    }
    if (auto read = read_features(); !read) return read;
    if (auto read = read_line([this](Words& w) { manifest_.epoch = w.word("epoch").hex(16); }); !read)
      return read;
    if (auto read = read_line([this](Words& words) { read_control(words); }); !read) return read;
    if (auto read = read_line([this](Words& words) { read_ring(words); }); !read) return read;
    return read_line([this](Words& w) { manifest_.closed = w.word("closed").choice("yes", "no"); });
  }

  void read_journal(Words& words) {
    const std::string_view text = words.word("journal").remainder();
    auto id = EventId::parse(text);
    if (!id) return words.fail(id.error().message);
    if (id->to_string() != text) return words.fail("an id is written in lower case, this is " + shown(text));
    manifest_.journal = *id;
  }

  Result<void> read_features() {
    auto read = read_line([this](Words& words) {
      manifest_.incompatible = words.word("features").word("incompatible").hex(16);
      manifest_.compatible = words.word("compatible").hex(16);
    });
    if (!read) return read;
    const std::uint64_t unknown = manifest_.incompatible & ~kIncompatibleFeatures;
    if (unknown == 0) return {};
    // The lines to come may be such as we don't know; but a damaged file is no newer one.
    if (!is_sealed())
      return corrupt("feature bits that are not known, in a file whose checksum does not fit");
    return Error{ErrorCode::newer_format,
                 path_ + " needs the incompatible features " + hex_digits(unknown, 16) +
                     " (bits), and this program knows only " + hex_digits(kIncompatibleFeatures, 16) +
                     ": open it with a newer one"};
  }

  void read_control(Words& words) {
    const std::string_view name = words.word("control").remainder();
    if (!is_file_name(name)) {
      return words.fail("the name of a file has 1 to 63 letters, digits, '.', '_' and '-', this is " +
                        shown(name));
    }
    manifest_.control_log = name;
  }

  void read_ring(Words& words) {
    const std::string_view path = words.word("ring").remainder();
    if (path == "none") return;
    if (path.empty() || path.front() != '/' || path.size() > kMaxPathBytes ||
        path.find('\0') != std::string_view::npos) {
      return words.fail("expected \"none\" or a whole path of at most " + std::to_string(kMaxPathBytes) +
                        " bytes, found " + shown(path));
    }
    manifest_.ring_file = path;
  }

  static std::uint32_t read_shard(Words& words) {
    return static_cast<std::uint32_t>(words.word("shard").number(EventId::kMaxShards - 1));
  }

  static std::uint64_t read_aligned(Words& words, std::string_view key) {
    const std::uint64_t value = words.word(key).number();
    if (value % kAlignmentBytes != 0) words.fail(std::string(key) + " is no multiple of 32");
    return value;
  }

  void read_segment(Words& words) {
    SegmentEntry segment;
    segment.shard = read_shard(words.word("segment"));
    segment.begin = read_aligned(words, "begin");
    segment.bytes = read_aligned(words, "bytes");
    if (next_word(words) == "open") {
      words.word("open");
    } else {
      segment.end = read_aligned(words, "end");
      segment.sealed_ns = static_cast<std::int64_t>(words.word("sealed").number(kMostTime));
      if (next_word(words) == "events") segment.events = words.word("events").number();
    }
    segment.epoch = words.word("epoch").hex(16);
    segment.salt = words.word("salt").hex(16);
    if (!words.fault().empty()) return;
    words.fail(fault_of(segment));
    words.fail(fault_behind_others(segment));
    manifest_.segments.push_back(segment);
    if (!segments_.emplace(segment.shard, segment.begin, segment.salt).second) {
      words.fail("a segment of this shard, position and salt stands above");
    }
  }

  static std::string_view next_word(const Words& words) {
    return words.rest().substr(0, words.rest().find(' '));
  }

  /// Of the segment by itself; empty if nothing is wrong.
  static std::string fault_of(const SegmentEntry& segment) {
    if (segment.bytes == 0) return "a segment has room for at least one record";
    if (segment.bytes > ~std::uint64_t{0} - segment.begin)
      return "begin and bytes reach beyond the last position";
    if (!segment.end.has_value()) return "";
    const std::uint64_t most = segment.begin + segment.bytes;
    if (segment.events.value_or(0) > segment.bytes / kAlignmentBytes)
      return "it has no room for so many events";
    if (*segment.end >= segment.begin && *segment.end <= most) return "";
    return "end lies outside the segment, which goes from " + std::to_string(segment.begin) + " to " +
           std::to_string(most);
  }

  /// Of the segment behind those above; empty if nothing is wrong.
  [[nodiscard]] std::string fault_behind_others(const SegmentEntry& segment) const {
    if (manifest_.segments.empty()) return "";
    const SegmentEntry& before = manifest_.segments.back();
    if (std::pair(segment.shard, segment.begin) < std::pair(before.shard, before.begin)) {
      return "it belongs before the line above: by shard, then by begin";
    }
    if (segment.shard != before.shard) return "";
    if (!before.end.has_value()) return "the segment above is open, and so the last one of its shard";
    if (segment.begin >= *before.end) return "";
    return "it begins within the segment above, which ends at " + std::to_string(*before.end);
  }

  void read_tail(Words& words) {
    TailUnknown tail;
    tail.shard = read_shard(words.word("tail-unknown"));
    tail.position = read_aligned(words, "position");
    tail.epoch = words.word("epoch").hex(16);
    if (!words.fault().empty()) return;
    manifest_.tails_unknown.push_back(tail);
    if (!tails_.emplace(tail.shard, tail.position, tail.epoch).second)
      words.fail("this line stands above, too");
  }

  void read_dropped(Words& words) {
    const std::string_view name = words.word("dropped").remainder();
    if (!is_file_name(name) || !name.ends_with(".segment")) {
      return words.fail("expected the name of a segment's file, found " + shown(name));
    }
    if (!manifest_.dropped.empty() && *manifest_.dropped.rbegin() >= name) {
      return words.fail("it belongs before the line above, or is the same: by name");
    }
    for (const SegmentEntry& segment : manifest_.segments) {
      if (segment_name(segment) == name) return words.fail("the file is that of a segment above");
    }
    manifest_.dropped.emplace(name);
  }

  Result<void> read_end() {
    const std::size_t covered = at_;
    std::uint64_t stated = 0;
    if (auto read = read_line([&](Words& words) { stated = words.word("crc32c").hex(8); }); !read)
      return read;
    const std::uint32_t computed = crc32c(std::as_bytes(std::span(text_.substr(0, covered))));
    if (stated != computed) {
      return corrupt("the checksum is " + hex_digits(stated, 8) + ", but that of the lines above is " +
                     hex_digits(computed, 8));
    }
    ++line_number_;
    if (at_ != text_.size())
      return corrupt("nothing may follow the checksum, found " + shown(text_.substr(at_)));
    return {};
  }

  /// Whether the last line is the checksum of all above it.
  [[nodiscard]] bool is_sealed() const {
    if (text_.size() < 2) return false;
    const std::size_t last = text_.rfind('\n', text_.size() - 2) + 1;
    const std::uint32_t computed = crc32c(std::as_bytes(std::span(text_.substr(0, last))));
    return text_.substr(last) == "crc32c " + hex_digits(computed, 8) + "\n";
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::uint64_t line_number_ = 0;
  Manifest manifest_;
  std::set<Place> segments_;
  std::set<Place> tails_;
};

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& path) {
  return Parser(text, path).parse();
}

}  // namespace sluice::detail

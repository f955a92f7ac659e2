#include "journal/manifest.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/crc32c.hpp"
#include "hexdump.hpp"
#include "journal/text.hpp"
#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

const std::string kPath = "/journal/MANIFEST";

/// The example of FORMAT.md, byte for byte.
constexpr std::string_view kExample =
    "sluice journal 1\n"
    "journal 0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e\n"
    "generation 17\n"
    "features incompatible 0000000000000000 compatible 0000000000000000\n"
    "epoch 001f00aa12345678\n"
    "control control-0000000000000011.log\n"
    "ring /dev/shm/sluice-0b5e3c1e-001f00aa12345678.ring\n"
    "closed no\n"
    "segment shard 0 begin 0 bytes 4194304 end 4190208 sealed 1795000000000000000 events 43210 "
    "epoch 5d21c09b7e44f001 salt 9a3c11d2e4f50617\n"
    "segment shard 0 begin 4190208 bytes 8388608 open epoch 001f00aa12345678 salt 33b1a90877c2e5d4\n"
    "segment shard 1 begin 0 bytes 4194304 open epoch 001f00aa12345678 salt e07f5a6b1c2d3948\n"
    "tail-unknown shard 0 position 4190208 epoch 5d21c09b7e44f001\n"
    "crc32c c0e49c91\n";

Manifest example() {
  Manifest manifest;
  manifest.journal = EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
  manifest.generation = 17;
  manifest.epoch = 0x001f00aa12345678;
  manifest.control_log = "control-0000000000000011.log";
  manifest.ring_file = "/dev/shm/sluice-0b5e3c1e-001f00aa12345678.ring";
  manifest.segments = {
      {0, 0, 4194304, 4190208, 0x5d21c09b7e44f001, 0x9a3c11d2e4f50617, 1'795'000'000'000'000'000, 43210},
      {0, 4190208, 8388608, std::nullopt, 0x001f00aa12345678, 0x33b1a90877c2e5d4},
      {1, 0, 4194304, std::nullopt, 0x001f00aa12345678, 0xe07f5a6b1c2d3948},
  };
  manifest.tails_unknown = {{0, 4190208, 0x5d21c09b7e44f001}};
  return manifest;
}

std::string without_checksum(std::string_view text) {
  return std::string(text.substr(0, text.rfind("crc32c ")));
}

std::string with_checksum(const std::string& lines) {
  return lines + "crc32c " + hex_digits(crc32c(std::as_bytes(std::span(lines))), 8) + "\n";
}

/// The example with `from` replaced by `to`, and with the checksum of that.
std::string changed(std::string_view from, std::string_view to) {
  std::string lines = without_checksum(kExample);
  const std::size_t at = lines.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return with_checksum(lines.replace(at, from.size(), to));
}

bool names_file_and_line(const Error& error) {
  return error.code == ErrorCode::corrupt && error.message.starts_with(kPath + ", line ");
}

std::string refusal(std::string_view text) {
  auto parsed = parse_manifest(text, kPath);
  if (parsed) return "accepted";
  EXPECT_TRUE(names_file_and_line(parsed.error())) << parsed.error();
  return parsed.error().message;
}

testing::AssertionResult refuses(std::string_view text, std::string_view line, std::string_view why) {
  const std::string message = refusal(text);
  if (message.starts_with(kPath + ", line " + std::string(line) + ": ") &&
      message.find(why) != std::string::npos) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << message;
}

TEST(Manifest, is_the_text_that_the_format_document_shows) {
  EXPECT_EQ(to_text(example()), kExample);
  EXPECT_EQ(parse_manifest(kExample, kPath).value(), example());
  EXPECT_NE(format_document().find(kExample), std::string::npos);
}

TEST(Manifest, without_a_segment_and_a_ring_reads_back) {
  Manifest manifest;
  manifest.control_log = "c";
  manifest.closed = true;
  manifest.compatible = ~std::uint64_t{0};  // unknown ones are nobody's trouble
  EXPECT_EQ(parse_manifest(to_text(manifest), kPath).value(), manifest);
}

TEST(Manifest, keeps_a_ring_path_with_spaces) {
  Manifest manifest = example();
  manifest.ring_file = "/dev/shm/with  spaces / and \xc3\xbc ";
  EXPECT_EQ(parse_manifest(to_text(manifest), kPath).value(), manifest);
}

TEST(Manifest, names_segments_in_the_order_of_their_records) {
  EXPECT_EQ(segment_name(example().segments[1]), "shard-0000-00000000003ff000-33b1a90877c2e5d4.segment");
  EXPECT_LT(segment_name({3, 4096, 32, {}, 9, 0}), segment_name({3, 1U << 20U, 32, {}, 1, 0}));
  EXPECT_LT(segment_name({9, 4096, 32, {}, 0, 0}), segment_name({10, 0, 32, {}, 0, 0}));
}

TEST(Manifest, with_any_bit_flipped_is_refused) {
  const std::string text(kExample);
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    auto parsed = parse_manifest(damaged, kPath);
    ASSERT_FALSE(parsed) << "bit " << bit;
    // A flipped version is that of a newer format, or none at all.
    const bool version = bit / 8 == std::string_view("sluice journal ").size();
    const bool newer = parsed.error().code == ErrorCode::newer_format;
    EXPECT_TRUE(names_file_and_line(parsed.error()) || (version && newer)) << bit << ": " << parsed.error();
  }
}

TEST(Manifest, cut_anywhere_is_refused) {
  for (std::size_t bytes = 0; bytes < kExample.size(); ++bytes) {
    EXPECT_NE(refusal(kExample.substr(0, bytes)), "accepted") << bytes;
  }
}

TEST(Manifest, has_one_spelling_only) {
  // Every character replaced by every other that could matter, with a checksum that fits.
  constexpr std::string_view kOthers{" \n\r\t0123456789abfAFxgeonps-+._/\0", 33};
  const std::string lines = without_checksum(kExample);
  std::size_t accepted = 0;
  for (std::size_t at = std::string_view("sluice journal 1").size(); at < lines.size(); ++at) {
    for (const char other : kOthers) {
      std::string text = lines;
      text[at] = other;
      text = with_checksum(text);
      auto parsed = parse_manifest(text, kPath);
      if (!parsed) {
        const bool features = parsed.error().code == ErrorCode::newer_format;
        EXPECT_TRUE(features || names_file_and_line(parsed.error())) << parsed.error();
        continue;
      }
      ++accepted;
      EXPECT_EQ(to_text(*parsed), text);
    }
  }
  EXPECT_GT(accepted, 100U);
}

TEST(Manifest, refuses_lines_that_are_missing_repeated_or_out_of_order) {
  std::vector<std::string> lines;
  const std::string text = without_checksum(kExample);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string whole;
    for (const std::string& part : parts) whole += part;
    return with_checksum(whole);
  };
  ASSERT_EQ(joined(lines), kExample);
  constexpr std::size_t kHeadLines = 8;  // those that every manifest has
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto repeated = lines;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_NE(refusal(joined(repeated)), "accepted") << i;
    if (i < kHeadLines) {
      auto missing = lines;
      missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(refusal(joined(missing)), "accepted") << i;
    }
    for (std::size_t j = i + 1; j < lines.size(); ++j) {
      auto swapped = lines;
      std::swap(swapped[i], swapped[j]);
      EXPECT_NE(refusal(joined(swapped)), "accepted") << i << " and " << j;
    }
  }
}

TEST(Manifest, refuses_what_is_not_in_the_grammar_and_says_where) {
  EXPECT_TRUE(refuses("", "1", "the file ends"));
  EXPECT_TRUE(refuses("#!/bin/sh\n", "1", "no manifest of a journal"));
  EXPECT_TRUE(refuses(changed("sluice journal 1", "sluice journal 0"), "1", "begin with 1"));
  EXPECT_TRUE(refuses(changed("0b5e3c1e-52a4", "0B5e3c1e-52a4"), "2", "lower case"));
  EXPECT_TRUE(refuses(changed("0b5e3c1e-52a4", "0b5e3c1e52a4"), "2", "36 characters"));
  EXPECT_TRUE(refuses(changed("generation 17", "generation 017"), "3", "\"017\""));
  EXPECT_TRUE(refuses(changed("generation 17", "generation -1"), "3", "\"-1\""));
  EXPECT_TRUE(refuses(changed("generation 17", "generation 18446744073709551616"), "3", "a number from 0"));
  EXPECT_TRUE(refuses(changed("generation 17", "generation 17 "), "3", "the end of the line"));
  EXPECT_TRUE(refuses(changed("generation 17", "generation  17"), "3", "found nothing"));
  EXPECT_TRUE(refuses(changed("generation 17", "generation"), "3", "found nothing"));
  EXPECT_TRUE(refuses(changed("epoch 001f", "epoch 1f"), "5", "16 hexadecimal digits"));
  EXPECT_TRUE(refuses(changed("control control-", "control ../control-"), "6", "name of a file"));
  EXPECT_TRUE(refuses(changed("control control-", "control .control-"), "6", "name of a file"));
  EXPECT_TRUE(refuses(changed("ring /dev", "ring dev"), "7", "a whole path"));
  EXPECT_TRUE(refuses(changed("ring /dev", "ring none/dev"), "7", "a whole path"));
  EXPECT_TRUE(refuses(changed("ring /", "ring /" + std::string(4096, 'x')), "7", "4095"));
  EXPECT_TRUE(refuses(changed("closed no", "closed maybe"), "8", "\"yes\" or \"no\", found \"maybe\""));
  EXPECT_TRUE(refuses(changed("closed no\n", "closed no\n\n"), "9", "\"crc32c\", found nothing"));
  EXPECT_TRUE(refuses(changed("closed no\n", "closed no\ncolour red\n"), "9", "found \"colour\""));
  EXPECT_TRUE(refuses(changed("4194304 end 4190208", "4194304 open 4190208"), "9", "found \"4190208\""));
  EXPECT_TRUE(refuses(changed("8388608 open", "8388608"), "10", "\"end\", found \"epoch\""));
  EXPECT_TRUE(refuses(std::string(kExample) + "x", "14", "nothing may follow"));
  EXPECT_TRUE(refuses(std::string(kExample) + "\n", "14", "nothing may follow"));
  EXPECT_TRUE(refuses(changed("closed no", "closed no\r"), "8", "\\x0d"));
}

TEST(Manifest, refuses_segments_that_cannot_be) {
  EXPECT_TRUE(refuses(changed("shard 1 begin", "shard 4096 begin"), "11", "from 0 to 4095"));
  EXPECT_TRUE(
      refuses(changed("shard 0 begin 4190208", "shard 2 begin 4190208"), "11", "before the line above"));
  EXPECT_TRUE(refuses(changed("begin 4190208", "begin 4190209"), "10", "begin is no multiple of 32"));
  EXPECT_TRUE(refuses(changed("bytes 8388608", "bytes 8388609"), "10", "bytes is no multiple of 32"));
  EXPECT_TRUE(refuses(changed("bytes 8388608", "bytes 0"), "10", "at least one record"));
  EXPECT_TRUE(refuses(changed("bytes 8388608", "bytes 18446744073709551584"), "10", "the last position"));
  EXPECT_TRUE(refuses(changed("end 4190208", "end 4190200"), "9", "end is no multiple of 32"));
  EXPECT_TRUE(refuses(changed("end 4190208", "end 4194336"), "9", "from 0 to 4194304"));
  EXPECT_TRUE(refuses(changed("begin 4190208", "begin 4190176"), "10", "ends at 4190208"));
  EXPECT_TRUE(refuses(changed("end 4190208 sealed 1795000000000000000 events 43210", "open"), "10",
                      "the last one of its shard"));
  EXPECT_TRUE(refuses(changed("position 4190208", "position 1"), "12", "position is no multiple of 32"));
}

TEST(Manifest, knows_when_a_segment_was_sealed_and_perhaps_how_many_events_it_has) {
  const auto uncounted = parse_manifest(changed(" events 43210", ""), kPath);
  ASSERT_TRUE(uncounted) << uncounted.error();
  EXPECT_EQ(uncounted->segments.front().sealed_ns, 1'795'000'000'000'000'000);
  EXPECT_EQ(uncounted->segments.front().events, std::nullopt);
  EXPECT_TRUE(refuses(changed("events 43210", "events 131073"), "9", "no room for so many events"));
  EXPECT_TRUE(refuses(changed("sealed 1795000000000000000 ", ""), "9", "\"sealed\", found \"events\""));
  EXPECT_TRUE(refuses(changed("sealed 1795000000000000000", "sealed 9223372036854775808"), "9", "a number"));
}

TEST(Manifest, allows_a_hole_between_segments_and_one_without_a_record) {
  Manifest manifest = example();
  manifest.segments[0].begin = 32;
  manifest.segments[0].end = 32;
  manifest.segments[1].begin = 32;
  EXPECT_EQ(parse_manifest(to_text(manifest), kPath).value(), manifest);
  manifest.segments[1].salt = manifest.segments[0].salt;
  EXPECT_TRUE(refuses(to_text(manifest), "10", "stands above"));
}

TEST(Manifest, of_a_newer_version_is_refused_before_all_else_with_both_versions) {
  const auto parsed = parse_manifest("sluice journal 2\nwhatever comes then\n", kPath);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::newer_format);
  EXPECT_EQ(
      parsed.error().message,
      kPath + " has format version 2, and this program reads versions up to 1: open it with a newer one");
}

TEST(Manifest, with_an_unknown_incompatible_feature_is_of_a_newer_format) {
  const std::string text = with_checksum(
      "sluice journal 1\n"
      "journal 0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e\n"
      "generation 17\n"
      "features incompatible 8000000000000001 compatible 0000000000000000\n"
      "lines that we do not know\n");
  const auto parsed = parse_manifest(text, kPath);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::newer_format);
  EXPECT_NE(parsed.error().message.find("8000000000000001"), std::string::npos) << parsed.error();
  // Unless it is damaged: then nothing in it is to be believed.
  EXPECT_TRUE(refuses(text.substr(0, text.size() - 2) + "x\n", "4", "checksum does not fit"));
}

TEST(ParsedManifest, knows_the_files_that_count_for_nothing) {
  const std::string tail = "tail-unknown shard 0 position 4190208 epoch 5d21c09b7e44f001\n";
  const std::string first = "dropped shard-0000-0000000000000040-0000000000000001.segment\n";
  const std::string second = "dropped shard-0001-0000000000000000-0000000000000002.segment\n";
  const auto parsed = parse_manifest(changed(tail, tail + first + second), kPath);
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->dropped.size(), 2U);
  EXPECT_TRUE(parsed->dropped.contains("shard-0001-0000000000000000-0000000000000002.segment"));
  EXPECT_TRUE(refuses(changed(tail, tail + second + first), "14", "before the line above"));
  EXPECT_TRUE(refuses(changed(tail, tail + first + first), "14", "the same"));
  EXPECT_TRUE(refuses(changed(tail, tail + "dropped \n"), "13", "segment's file"));
}

TEST(StoredManifest, is_found_again_one_generation_higher) {
  MemoryFileSystem files;
  EXPECT_EQ(load_manifest(files, "/journal").value(), std::nullopt);
  Manifest manifest = example();
  store_manifest(files, "/journal", manifest).value();
  EXPECT_EQ(manifest.generation, 18U);
  EXPECT_EQ(load_manifest(files, "/journal").value(), manifest);
  EXPECT_EQ(files.synced(kPath), files.at(kPath));
  EXPECT_TRUE(files.unsynced_directories().empty());
}

TEST(StoredManifest, stays_as_it_was_when_the_new_one_could_not_be_read_again) {
  const std::vector<std::function<void(Manifest&)>> spoilers = {
      [](Manifest& manifest) { manifest.ring_file = "/dev/shm/a\nclosed yes"; },
      [](Manifest& manifest) { manifest.ring_file = "none"; },
      [](Manifest& manifest) { manifest.ring_file = std::string("/dev/\0shm", 9); },
      [](Manifest& manifest) { manifest.control_log = ""; },
      [](Manifest& manifest) { manifest.control_log = "a/b"; },
      [](Manifest& manifest) { manifest.control_log = "a\nring none\nclosed yes\n"; },
      [](Manifest& manifest) { manifest.incompatible = 1; },
      [](Manifest& manifest) { manifest.segments[1].begin += 1; },
      [](Manifest& manifest) { std::swap(manifest.segments[0], manifest.segments[1]); },
      [](Manifest& manifest) { manifest.tails_unknown.push_back(manifest.tails_unknown[0]); },
      [](Manifest& manifest) { manifest.dropped.insert("MANIFEST"); },
      [](Manifest& manifest) { manifest.dropped.insert("../x.segment"); },
      [](Manifest& manifest) { manifest.dropped.insert(segment_name(manifest.segments[2])); },
  };
  MemoryFileSystem files;
  Manifest manifest = example();
  store_manifest(files, "/journal", manifest).value();
  for (std::size_t i = 0; i < spoilers.size(); ++i) {
    Manifest spoilt = manifest;
    spoilers[i](spoilt);
    const auto stored = store_manifest(files, "/journal", spoilt);
    ASSERT_FALSE(stored) << i;
    EXPECT_EQ(stored.error().code, ErrorCode::invalid_option) << stored.error();
    EXPECT_EQ(spoilt.generation, manifest.generation);
    EXPECT_EQ(load_manifest(files, "/journal").value(), manifest);
  }
}

TEST(StoredManifest, outlives_a_full_disk_and_no_number_is_used_twice) {
  MemoryFileSystem files;
  Manifest manifest = example();
  store_manifest(files, "/journal", manifest).value();
  const Manifest before = manifest;
  manifest.closed = true;
  files.fail_next_write_after(20);
  const auto stored = store_manifest(files, "/journal", manifest);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::disk_full);
  EXPECT_EQ(load_manifest(files, "/journal").value(), before);
  store_manifest(files, "/journal", manifest).value();
  EXPECT_EQ(manifest.generation, before.generation + 2);
}

TEST(StoredManifest, that_is_too_long_is_no_manifest) {
  MemoryFileSystem files;
  files.at(kPath).resize((std::size_t{16} << 20U) + 1);
  const auto loaded = load_manifest(files, "/journal");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace sluice::detail

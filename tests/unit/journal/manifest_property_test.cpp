#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "journal/manifest.hpp"

namespace sluice::detail {
namespace {

rc::Gen<std::uint64_t> any_number() {
  // Of all sizes: most of what is drawn has all its digits otherwise.
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0U, 64U)),
                      [](const auto& drawn) { return drawn.first >> drawn.second; });
}

std::uint64_t aligned(std::uint64_t below) {
  return *rc::gen::inRange(std::uint64_t{0}, below) / 32 * 32;
}

/// Segments of one shard: with holes, without records, and the last one sealed or open.
void add_shard(Manifest& manifest, std::uint32_t shard) {
  std::uint64_t begin = aligned(1U << 30U);
  const auto count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    SegmentEntry segment{shard, begin, aligned(1U << 30U) + 32, std::nullopt, *any_number(), *any_number()};
    if (i + 1 < count || *rc::gen::arbitrary<bool>()) {
      segment.end = begin + 32 + aligned(segment.bytes);
      begin = *segment.end + *rc::gen::element(std::uint64_t{0}, std::uint64_t{4096});
    }
    manifest.segments.push_back(segment);
  }
}

Manifest any_manifest() {
  Manifest manifest;
  manifest.journal = EventId::from_bytes(*rc::gen::arbitrary<EventId::Bytes>());
  manifest.generation = *any_number();
  manifest.compatible = *any_number();
  manifest.epoch = *any_number();
  manifest.control_log =
      *rc::gen::element<std::string>("c", "control-0000000000000011.log", std::string(63, 'x'));
  manifest.closed = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    manifest.ring_file = "/" + *rc::gen::container<std::string>(
                                   rc::gen::suchThat<char>([](char c) { return c != '\n' && c != '\0'; }));
  }
  for (const std::uint32_t shard : {0U, 1U, 17U, 4095U}) {
    if (*rc::gen::arbitrary<bool>()) add_shard(manifest, shard);
  }
  const auto tails = *rc::gen::inRange(std::uint64_t{0}, std::uint64_t{4});
  for (std::uint64_t i = 0; i < tails; ++i) {
    manifest.tails_unknown.push_back(
        {*rc::gen::inRange(0U, EventId::kMaxShards), aligned(~std::uint64_t{0}), i});
  }
  for (const std::uint64_t salt : *rc::gen::arbitrary<std::vector<std::uint64_t>>()) {
    const std::string name = segment_name({3, aligned(1U << 30U), 32, std::nullopt, 0, salt});
    manifest.dropped.insert(name);
  }
  return manifest;
}

RC_GTEST_PROP(ManifestProperty, every_manifest_reads_back, ()) {
  const Manifest manifest = any_manifest();
  const auto again = parse_manifest(to_text(manifest), "/MANIFEST");
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == manifest);
}

RC_GTEST_PROP(ManifestProperty, no_two_segments_have_one_name, ()) {
  const Manifest manifest = any_manifest();
  std::set<std::string> names;
  for (const SegmentEntry& segment : manifest.segments) names.insert(segment_name(segment));
  RC_ASSERT(names.size() == manifest.segments.size());
}

RC_GTEST_PROP(ManifestProperty, any_bytes_are_read_or_refused, (std::string text)) {
  const auto parsed = parse_manifest("sluice journal 1\n" + text, "/MANIFEST");
  RC_ASSERT(!parsed.has_value());
  RC_ASSERT(parsed.error().message.rfind("/MANIFEST, line ", 0) == 0);
}

}  // namespace
}  // namespace sluice::detail

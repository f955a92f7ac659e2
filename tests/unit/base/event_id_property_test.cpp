#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sluice/base/event_id.hpp"

namespace sluice {
namespace {

rc::Gen<std::uint64_t> any_position() {
  // Halves of all sizes: most of what is drawn lies far below two petabytes otherwise, or far beyond.
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0U, 60U)),
                      [](const auto& drawn) { return (drawn.first >> drawn.second) & ~std::uint64_t{31}; });
}

rc::Gen<std::uint32_t> any_shard() {
  return rc::gen::inRange(std::uint32_t{0}, EventId::kMaxShards);
}

/// That the place comes back out is also the proof that no two places of an epoch share an id.
RC_GTEST_PROP(EventIdProperty, every_place_comes_back_out_of_its_id, (std::uint64_t epoch)) {
  const EventId::Place place{*any_shard(), *any_position()};
  const auto found = EventId::from_position(epoch, place.shard, place.position).place_in(epoch);
  RC_ASSERT(found.has_value());
  RC_ASSERT(*found == place);
}

RC_GTEST_PROP(EventIdProperty, is_always_a_uuid_of_version_8, (std::uint64_t epoch)) {
  const std::string text = EventId::from_position(epoch, *any_shard(), *any_position()).to_string();
  RC_ASSERT(text[14] == '8');
  RC_ASSERT(std::string_view("89ab").find(text[19]) != std::string_view::npos);
}

RC_GTEST_PROP(EventIdProperty, its_text_reads_back, (std::array<std::uint8_t, 16> bytes)) {
  const EventId id = EventId::from_bytes(bytes);
  RC_ASSERT(EventId::parse(id.to_string()).value() == id);
}

RC_GTEST_PROP(EventIdProperty, sorts_as_its_text_does,
              (std::array<std::uint8_t, 16> a, std::array<std::uint8_t, 16> b)) {
  const EventId first = EventId::from_bytes(a);
  const EventId second = EventId::from_bytes(b);
  RC_ASSERT((first < second) == (first.to_string() < second.to_string()));
}

}  // namespace
}  // namespace sluice

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sluice/log/record.hpp"

namespace sluice::log {
namespace {

/// Nothing, as most records have it, as often as something.
rc::Gen<std::uint16_t> none_or_any() {
  return rc::gen::oneOf(rc::gen::just(std::uint16_t{0}), rc::gen::arbitrary<std::uint16_t>());
}

RC_GTEST_PROP(CommitWordProperty, gives_every_field_back, ()) {
  const auto kind =
      *rc::gen::element(RecordKind::data, RecordKind::padding, RecordKind::aborted, RecordKind::topic);
  const auto length = *rc::gen::inRange(std::uint32_t{1}, std::uint32_t{0x7fff'ffe0});
  const auto flags = static_cast<std::uint16_t>(*none_or_any() & 0xfff0);
  const auto metadata_bytes = *none_or_any();
  const CommitWord word(CommitWord::committed(kind, length, flags, metadata_bytes).bits());
  RC_ASSERT(word.is_committed());
  RC_ASSERT(!word.is_claimed());
  RC_ASSERT(word.kind() == kind);
  RC_ASSERT(word.length() == length);
  RC_ASSERT(word.flags() == flags);
  RC_ASSERT(word.metadata_bytes() == metadata_bytes);
  RC_ASSERT(word.stride() == align_record(length));
  RC_ASSERT(word.is_plain() == (kind == RecordKind::data && flags == 0 && metadata_bytes == 0));
  RC_ASSERT(word.payload_offset() % 8 == 0);
  RC_ASSERT(word.payload_offset() >= kHeaderBytes + metadata_bytes);
}

RC_GTEST_PROP(CommitWordProperty, of_a_claim_gives_its_length_back_and_is_not_committed, ()) {
  const auto length = *rc::gen::inRange(std::uint32_t{0}, std::uint32_t{0x7fff'ffff});
  const CommitWord word(CommitWord::claimed(length).bits());
  RC_ASSERT(word.is_claimed());
  RC_ASSERT(!word.is_committed());
  RC_ASSERT(word.length() == length);
}

}  // namespace
}  // namespace sluice::log

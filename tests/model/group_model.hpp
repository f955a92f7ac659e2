#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/log/group.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// A queue group under the model's policy: what its models have in common.
namespace sluice::model {

using log::GatePhase;
using log::Span;
using log::SpanResult;
using log::SpanStatus;

inline constexpr std::uint64_t kRecord = log::kAlignment;
/// What members ask for: what they get is for `fair_span_end` to say, and no matter here.
inline constexpr std::uint32_t kSpanRecords = 2;

/// A ring with a group on it. Its cursor stands at the log's beginning, where `prefilled` records lie. Where
/// these are four or more, a claim takes the first two. Seven fill a ring of eight: then two more can be
/// published, of which the last is written over the first of the span, if nothing holds it back.
struct GroupModel : RingModel {
  GroupModel(const RingSetup& setup, int prefilled) : RingModel(setup) {
    cursor().position.store(0, std::memory_order_relaxed);
    Publisher producer(*this);
    for (int i = 0; i < prefilled; ++i) (void)producer.try_publish_in_turn();
  }

  /// Of events that lie at most 512 bytes from the log's beginning, which all do here.
  [[nodiscard]] int& handled(std::uint64_t position) { return handled_.at(position / kRecord); }

  /// What holds in the end: each event below the cursor, and none above, was handled once; one that was being
  /// handled when its member was evicted maybe twice.
  void require_each_once() {
    require_free_at_the_tail(*this);
    const std::uint64_t taken = cursor().position.load(std::memory_order_relaxed);
    for (std::uint64_t at = 0; at < handled_.size() * kRecord; at += kRecord) {
      const int times = handled(at);
      require(times == (at < taken ? 1 : 0) || (times == 2 && at == again),
              "each event that was taken is handled once");
    }
  }

  log::GroupShared<Policy> shared;
  std::uint64_t again = log::kNoGate;  ///< the event that was delivered again, saying so
  Atomic<int> finished{0};             ///< events; relaxed, for threads that wait for the last one

 private:
  std::array<int, 16> handled_{};
};

inline std::shared_ptr<GroupModel> group_model(std::uint64_t capacity_bytes, std::uint32_t members,
                                               int prefilled) {
  return std::make_shared<GroupModel>(
      RingSetup{.capacity_bytes = capacity_bytes, .gates = members, .cursors = 1, .joined_gates = 0},
      prefilled);
}

/// A member with the gate of that number.
class Member {
 public:
  Member(GroupModel& model, std::uint32_t gate)
      : model_(&model),
        member_(model.ring, model.lot, model.table, model.shared, model.cursor(), model.gate(gate)) {}

  [[nodiscard]] SpanResult claim(std::uint32_t max_records = kSpanRecords) {
    return member_.claim(max_records, model_->ring.capacity_bytes(), [](std::uint32_t) { return true; });
  }
  /// Reads and handles the span's events from `from` to `to`, in place; the last one of the span ends it.
  void handle(std::uint64_t from, std::uint64_t to) {
    for (; from < to; from += kRecord) {
      require_in_place(*model_, from);
      ++model_->handled(from);
      model_->finished.fetch_add(1, std::memory_order_relaxed);
      require(member_.advance(from, from + kRecord, std::false_type{}), "nobody takes it away");
    }
  }
  void handle(const Span& span) { handle(span.begin, span.end); }

  /// Handles events that others may take away; false when that happened.
  [[nodiscard]] bool handle_evictable(const Span& span) {
    for (std::uint64_t at = span.begin; at < span.end; at += kRecord) {
      ++model_->handled(at);
      if (!member_.advance(at, at + kRecord, std::true_type{})) return false;
    }
    return true;
  }

  /// Claims so often, and handles what it gets.
  void work_on(int claims, std::uint32_t max_records = kSpanRecords) {
    for (int i = 0; i < claims; ++i) {
      const SpanResult claimed = claim(max_records);
      if (claimed.status == SpanStatus::claimed) handle(claimed.span);
    }
  }
  /// Claims and handles until there is nothing left.
  void work() {
    for (SpanResult claimed = claim(); claimed.status == SpanStatus::claimed; claimed = claim())
      handle(claimed.span);
  }
  /// The same until `events` of the group's are finished, by whomever.
  void work_until(int events) {
    await([&] {
      work();
      return model_->finished.load(std::memory_order_relaxed) >= events;
    });
  }

  log::GroupMember<Policy>* operator->() noexcept { return &member_; }

 private:
  GroupModel* model_;
  log::GroupMember<Policy> member_;
};

/// A member with the gate of that number claims a span, and leaves it whole.
inline void leaves_an_orphan(GroupModel& m, std::uint32_t gate, std::uint32_t max_records = kSpanRecords) {
  Member leaver(m, gate);
  (void)leaver.claim(max_records);
  (void)leaver->leave();
}

/// What an evictor does, as long as the member works: if it moves on meanwhile, a step later.
inline bool evict(GroupModel& m, std::uint32_t gate) {
  std::uint64_t value = m.gate(gate).value.load(std::memory_order_acquire);
  while (log::gate_phase(value) == GatePhase::working) {
    if (log::GroupMember<Policy>::evict(m.gate(gate), log::gate_position(value), m.shared)) return true;
    value = m.gate(gate).value.load(std::memory_order_acquire);
  }
  return false;
}

}  // namespace sluice::model

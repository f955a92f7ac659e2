#include "sluice/log/join.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// Cursors that others move: how they join and leave (`join.hpp`), and go from one owner to the next, filter,
/// count of losses and all.
namespace sluice::model {
namespace {

using log::JoinedCursor;
using log::SpanReader;
using log::SpanResult;
using log::SpanStatus;

/// A filter that is made before it is lent, and destroyed after it was taken back: who asks it outside of
/// that time races with the one or the other.
class MortalFilter final : public log::RecordFilter {
 public:
  [[nodiscard]] bool wants(std::uint32_t) const noexcept override {
    require(alive_.get(), "a filter is asked while it lives");
    return true;
  }
  void make() { alive_.set(true); }
  void destroy() { alive_.set(false); }

 private:
  Var<bool> alive_{false};
};

constexpr auto kEverything = [](std::uint32_t) { return true; };

struct CursorModel : RingModel {
  using RingModel::RingModel;

  /// Gate 0 is the owner's, gate 1 the spare one of whoever ends it.
  [[nodiscard]] SpanReader<Policy> reader(std::uint32_t gate) {
    return {ring, lot, cursor(), this->gate(gate)};
  }
  [[nodiscard]] JoinedCursor join() {
    table.use_cursors_up_to(0);
    return log::join_at_tail<Policy>(ring, lot, cursor());
  }
  [[nodiscard]] JoinedCursor join_lossy(MortalFilter& its) {
    its.make();
    log::lend_filter(cursor(), its);
    return join();
  }
  /// Returns how many records nobody took.
  std::int64_t leave(MortalFilter& its) {
    SpanReader<Policy> reader = this->reader(0);
    const std::uint64_t unread = log::withdraw_cursor(reader, kEverything);
    log::take_filter_back<Policy>(ring, cursor());
    its.destroy();
    return static_cast<std::int64_t>(unread);
  }
  /// Claims one record and reads it, as a copy would: nothing of before `joined`. False when there is none.
  bool copy_one(std::uint32_t gate, std::uint64_t joined = 0) {
    SpanReader<Policy> reader = this->reader(gate);
    const SpanResult claimed = reader.claim([&](std::uint64_t at) {
      require(at >= joined, "a cursor goes up only, from where it joined");
      return end_of_record(*this, at);
    });
    if (claimed.status != SpanStatus::claimed) return false;
    require_in_place(*this, claimed.span.begin);
    reader.withdraw();
    return true;
  }

  [[nodiscard]] std::int64_t lost() {
    // Relaxed: whoever asks has waited for those that add to it.
    return static_cast<std::int64_t>(cursor().lost.load(std::memory_order_relaxed));
  }
  /// What holds in the end of who has joined: of the records that its cursor has moved over, those that it
  /// did not copy count as lost, and nothing else does.
  void require_exact_loss(const JoinedCursor& joined, std::int64_t copied) {
    const std::uint64_t at = cursor().position.load(std::memory_order_relaxed);
    require(at != log::kNoGate && at >= joined.position && at <= ring.tail(), "the cursor stands in the log");
    require(ring.tail() - at <= ring.capacity_bytes(), "and within the ring");
    const auto moved = static_cast<std::int64_t>((at - joined.position) / log::kAlignment);
    require(lost() - static_cast<std::int64_t>(joined.lost_before) == moved - copied,
            "what is lost lies between where it joined and where it is");
  }

  MortalFilter filter;
  MortalFilter next_filter;
};

/// A cursor that nobody has joined with yet.
std::shared_ptr<CursorModel> free_cursor(std::uint64_t capacity_bytes = 64) {
  return std::make_shared<CursorModel>(
      RingSetup{.capacity_bytes = capacity_bytes, .gates = 2, .cursors = 1, .joined_gates = 0});
}

/// A lossy subscriber has joined, and a record was published since.
std::shared_ptr<CursorModel> lossy_cursor() {
  auto m = free_cursor();
  (void)m->join_lossy(m->filter);
  Publisher(*m).publish_in_turn();
  return m;
}

// ---- joining ------------------------------------------------------------------------------------------

/// A claim is open when a cursor joins above it: until it is committed no producer may lap it all the same.
void a_claim_that_is_open_below_a_cursor_is_not_lapped(Scenario& s) {
  auto m = std::make_shared<CursorModel>(
      RingSetup{.capacity_bytes = 64, .gates = 0, .cursors = 1, .joined_gates = 0, .unused_cursors = 1});
  has_an_open_claim(s, m);
  counts_what_it_publishes(s, m, 2, "quick");
  s.thread("joiner", [m] {
    const std::uint64_t at = m->join().position;
    if (m->ring.word(at).is_committed()) require_in_place(*m, at);
  });
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// A lossy subscriber joins while a producer laps, and copies a record: what else its cursor moves over from
/// there on is lost, each record once, and what was lost before is another's.
void a_lossy_cursor_joins_while_a_producer_laps(Scenario& s) {
  auto m = free_cursor();
  auto joined = std::make_shared<JoinedCursor>();
  auto copied = std::make_shared<std::int64_t>(0);
  publishes(s, m, 4);
  s.thread("joiner", [m, joined, copied] {
    *joined = m->join_lossy(m->filter);
    *copied = m->copy_one(0, joined->position) ? 1 : 0;
  });
  s.finally([m, joined, copied] {
    m->require_exact_loss(*joined, *copied);
    outcome({static_cast<std::int64_t>(joined->position), static_cast<std::int64_t>(joined->lost_before)});
  });
}

/// A raiser drops from where a cursor is tried, which then proves too late: that is no loss of the joiner's,
/// whenever it is counted.
void what_is_dropped_from_a_try_is_nobodys_loss(Scenario& s) {
  auto m = free_cursor();
  Publisher(*m).publish_in_turn();
  auto joined = std::make_shared<JoinedCursor>();
  s.thread("joiner", [m, joined] { *joined = m->join_lossy(m->filter); });
  tries_to_publish(s, m, 2);
  s.finally([m, joined] {
    m->require_exact_loss(*joined, 0);
    outcome({static_cast<std::int64_t>(joined->position), static_cast<std::int64_t>(joined->lost_before)});
  });
}

/// A lossy cursor is tried at a position that was overwritten long ago, in the midst of a record by now: a
/// raiser that sees it there reads nothing from it.
void a_lossy_cursor_that_is_too_late_is_left_alone(Scenario& s) {
  auto m = free_cursor(128);
  m->filter.make();
  log::lend_filter(m->cursor(), m->filter);
  Publisher first(*m);
  for (const std::uint32_t bytes : {32u, 32u, 64u}) first.publish(1, bytes);
  s.thread("producer1", [m] { (void)Publisher(*m).try_publish(2, 64); });  // lies over position 32
  s.thread("producer2", [m] { (void)Publisher(*m).try_publish(3); });
  s.thread("joiner", [m] {
    m->cursor().position.store(32, std::memory_order_release);
    require(!m->ring.raiser().joined_at(32), "that is too late");
    m->cursor().position.store(log::kNoGate, std::memory_order_release);
  });
  s.finally([m] { require(m->lost() == 0, "nothing was lost that could have been read"); });
}

// ---- leaving ------------------------------------------------------------------------------------------

/// A lossy subscriber leaves while a raise may be asking its filter: once it has that back it is gone.
void a_filter_is_destroyed_after_it_was_taken_back(Scenario& s) {
  auto m = lossy_cursor();
  auto left = std::make_shared<std::int64_t>(0);
  auto lost = std::make_shared<std::int64_t>(0);
  publishes(s, m, 2);
  s.thread("leaver", [m, left, lost] {
    *left = m->leave(m->filter);
    *lost = m->lost();
  });
  s.finally([m, left, lost] {
    require(*lost == m->lost(), "what was lost is known once the filter is back");
    outcome({m->lost(), *left});
    require(m->lost() + *left >= 1 && m->lost() + *left <= 3, "no record is lost and left unread at once");
  });
}

/// The raise that may be asking the filter turns another one away meanwhile: the mark that this leaves in the
/// lock is not the raise's end.
void a_filter_outlives_a_raise_that_turns_another_away(Scenario& s) {
  auto m = lossy_cursor();
  s.thread("raiser", [m] { (void)m->ring.raiser().try_raise(0); });
  s.thread("turned away", [m] { outcome({m->ring.raiser().try_raise(0) == log::Raised::limit ? 1 : 0}); });
  s.thread("leaver", [m] { (void)m->leave(m->filter); });
}

/// A subscriber leaves and its cursor goes to the next, who lends it a filter of its own: the first one's is
/// asked no more, and the next sees nothing of before it joined, nor counts it as lost.
void a_cursor_is_used_again(Scenario& s) {
  auto m = lossy_cursor();
  auto joined = std::make_shared<JoinedCursor>();
  auto copied = std::make_shared<std::int64_t>(0);
  publishes(s, m, 2);
  s.thread("registry", [m, joined, copied] {
    (void)m->leave(m->filter);
    *joined = m->join_lossy(m->next_filter);
    *copied = m->copy_one(0, joined->position) ? 1 : 0;
  });
  s.finally([m, joined, copied] { m->require_exact_loss(*joined, *copied); });
}

/// Readers share a cursor that an evictor withdraws: each record is read by one, or counted as left, or lies
/// where nobody got to before the withdrawal.
void each_record_has_one_owner_while_a_cursor_is_withdrawn(Scenario& s) {
  auto m = free_cursor(128);
  (void)m->join();
  Publisher first(*m);
  for (int i = 0; i < 3; ++i) first.publish_in_turn();
  auto read = std::make_shared<std::int64_t>(0);
  auto left = std::make_shared<std::int64_t>(0);
  s.thread("reader", [m, read] {
    while (*read < 2 && m->copy_one(0)) ++*read;
  });
  s.thread("evictor", [m, left] {
    SpanReader<Policy> reader = m->reader(1);
    *left = static_cast<std::int64_t>(log::withdraw_cursor(reader, kEverything));
  });
  tries_to_publish(s, m, 1);
  s.finally([m, read, left] {
    const auto published = static_cast<std::int64_t>(m->ring.tail() / log::kAlignment);
    require(*read + *left >= 3 && *read + *left <= published, "each of the three has one owner");
    outcome({*read});
  });
}

}  // namespace

std::vector<Model> cursor_models() {
  return {
      {.name = "join: a claim that is open below a cursor is not lapped",
       .setup = a_claim_that_is_open_below_a_cursor_is_not_lapped,
       .must_occur = {"0", "1", "2"}},
      {.name = "join: a lossy cursor joins while a producer laps",
       .setup = a_lossy_cursor_joins_while_a_producer_laps},
      {.name = "join: what is dropped from a try is nobody's loss",
       .setup = what_is_dropped_from_a_try_is_nobodys_loss,
       .must_occur = {"32 0", "64 0", "64 1"}},
      {.name = "join: a lossy cursor that is too late is left alone",
       .setup = a_lossy_cursor_that_is_too_late_is_left_alone},
      {.name = "leave: a filter is destroyed after it was taken back",
       .setup = a_filter_is_destroyed_after_it_was_taken_back,
       .must_occur = {"0 1", "1 2"}},
      {.name = "leave: a filter outlives a raise that turns another away",
       .setup = a_filter_outlives_a_raise_that_turns_another_away,
       .must_occur = {"0", "1"}},
      {.name = "leave: a cursor and the next owner's filter", .setup = a_cursor_is_used_again},
      {.name = "leave: each record has one owner while a cursor is withdrawn",
       .setup = each_record_has_one_owner_while_a_cursor_is_withdrawn},
  };
}

}  // namespace sluice::model

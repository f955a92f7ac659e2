#include <array>

#include "sluice/log/join.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// `drop_oldest`: a reader and the raiser move one cursor, each record is delivered whole or counted as lost,
/// and the producers wait for nobody but a copy under way: `span_reader.hpp`, and the raiser's half of it.
namespace sluice::model {
namespace {

using log::SpanReader;
using log::SpanResult;
using log::SpanStatus;

constexpr std::uint64_t kRecord = log::kAlignment;

/// Wants the records with odd numbers, or all. Records that were published in turn have their number as
/// topic.
class Filter final : public log::RecordFilter {
 public:
  enum class Wants : std::uint8_t { all, odd };

  explicit Filter(Wants wants) : wants_(wants) {}
  [[nodiscard]] bool wants(std::uint32_t topic) const noexcept override {
    return wants_ == Wants::all || topic % 2 == 1;
  }

 private:
  Wants wants_;
};

/// A ring with a cursor at the log's beginning, where `prefilled` records lie, and gates for whoever reads
/// from it.
struct DropModel : RingModel {
  DropModel(const RingSetup& setup, Filter::Wants wants, int prefilled) : RingModel(setup), filter(wants) {
    cursor().position.store(0, std::memory_order_relaxed);
    Publisher producer(*this);  // before it is lossy, so that nothing is dropped yet
    for (int i = 0; i < prefilled; ++i) producer.publish_in_turn();
  }

  /// From now on the raiser may move the cursor.
  void lend_filter() { log::lend_filter(cursor(), filter); }

  [[nodiscard]] SpanReader<Policy> reader(std::uint32_t gate) {
    return {ring, lot, cursor(), this->gate(gate)};
  }
  /// Claims at most `records` and reads them, as a copy would; false when there was nothing.
  bool copy(SpanReader<Policy>& reader, int records) {
    const SpanResult claimed = reader.claim([&](std::uint64_t at) {
      for (int i = 0; i < records && ring.word(at).is_committed(); ++i) at += ring.word(at).stride();
      return at;
    });
    if (claimed.status != SpanStatus::claimed) return false;
    for (std::uint64_t at = claimed.span.begin; at < claimed.span.end; at += kRecord) {
      require_in_place(*this, at);
      ++delivered_.at(at / kRecord);
    }
    reader.withdraw();
    return true;
  }

  /// What holds in the end: below the cursor each record that is wanted was delivered, once, or lost.
  void require_all_accounted_for() {
    require_free_at_the_tail(*this);
    const std::uint64_t taken = cursor().position.load(std::memory_order_relaxed);
    require(taken <= ring.tail(), "a cursor moves over what was published");
    std::uint64_t missing = 0;
    std::int64_t delivered = 0;
    for (std::uint64_t at = 0; at < delivered_.size() * kRecord; at += kRecord) {
      const int times = delivered_[at / kRecord];
      require(times == 0 || (times == 1 && at < taken), "nothing is delivered twice");
      delivered += times;
      if (at < taken && times == 0 && filter.wants(static_cast<std::uint32_t>(number_at(at)))) ++missing;
    }
    require(cursor().lost.load(std::memory_order_relaxed) == missing, "what is not delivered counts as lost");
    outcome({delivered, static_cast<std::int64_t>(missing)});
  }

  Filter filter;

 private:
  std::array<int, 8> delivered_{};
};

struct DropSetup {
  std::uint64_t capacity_bytes = 64;
  int prefilled = 0;
  Filter::Wants wants = Filter::Wants::all;
  Producers producers = Producers::multi;
};

/// With a cursor that is not lossy: each record has a reader, or waits for one.
std::shared_ptr<DropModel> sharing_model(const DropSetup& setup) {
  return std::make_shared<DropModel>(RingSetup{.capacity_bytes = setup.capacity_bytes,
                                               .producers = setup.producers,
                                               .gates = 2,
                                               .cursors = 1,
                                               .joined_gates = 0},
                                     setup.wants, setup.prefilled);
}

std::shared_ptr<DropModel> drop_model(const DropSetup& setup = {}) {
  auto m = sharing_model(setup);
  m->lend_filter();
  return m;
}

/// A reader copies while a producer laps it: the raiser drops what the reader has not taken, and waits for
/// what it is copying.
void a_reader_is_lapped(Scenario& s, Filter::Wants wants, Producers producers) {
  auto m = drop_model({.wants = wants, .producers = producers});
  publishes(s, m, 3);
  s.thread("reader", [m] {
    SpanReader<Policy> reader = m->reader(0);
    for (int i = 0; i < 2; ++i) (void)m->copy(reader, 2);
  });
  s.finally([m] { m->require_all_accounted_for(); });
}

/// The same with two producers: one is preempted in the midst of a raise, the other one goes on.
void a_reader_is_lapped_by_two(Scenario& s) {
  auto m = drop_model({.prefilled = 1});
  for (const char* name : {"producer1", "producer2"}) tries_to_publish(s, m, 1, name);
  s.thread("reader", [m] {
    SpanReader<Policy> reader = m->reader(0);
    (void)m->copy(reader, 2);
  });
  s.finally([m] { m->require_all_accounted_for(); });
}

/// Nobody reads: a producer laps the cursor alone, and waits for nobody.
void a_producer_is_never_held_up_by_a_cursor(Scenario& s) {
  auto m = drop_model();
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 4; ++i) require(producer.try_publish_in_turn(), "there is always room");
  });
  s.thread("looker", [m] {
    const std::uint64_t first = m->cursor().position.load(std::memory_order_acquire);
    const std::uint64_t second = m->cursor().position.load(std::memory_order_acquire);
    require(first <= second, "a cursor goes up only");
  });
  s.finally([m] {
    m->require_all_accounted_for();
    require(m->ring.tail() - m->cursor().position.load(std::memory_order_relaxed) <= 64,
            "and it stays in the ring");
  });
}

/// A claim is open where the raiser would drop: it drops what lies below, and the claim holds producers.
void an_open_claim_is_not_dropped(Scenario& s) {
  auto m = drop_model();
  has_an_open_claim(s, m);
  tries_to_publish(s, m, 2, "quick");
  s.thread("reader", [m] {
    SpanReader<Policy> reader = m->reader(0);
    (void)m->copy(reader, 1);
  });
  s.finally([m] { m->require_all_accounted_for(); });
}

/// A reader that is behind drops by itself up to the middle of the ring, so that its copy holds nobody up;
/// the raiser may be dropping the same records.
void a_reader_drops_to_the_middle(Scenario& s) {
  auto m = drop_model({.capacity_bytes = 128, .prefilled = 3, .wants = Filter::Wants::odd});
  publishes(s, m, 2);
  s.thread("reader", [m] {
    SpanReader<Policy> reader = m->reader(0);
    reader.drop_to_middle(m->filter, 2 * kRecord);
    (void)m->copy(reader, 1);
  });
  s.finally([m] { m->require_all_accounted_for(); });
}

/// A reader copies twice. Where its gate stands the second time says that the first copy is made: the
/// producer writes over it.
void a_second_copy_ends_the_first(Scenario& s) {
  auto m = sharing_model({.capacity_bytes = 128, .prefilled = 3});
  s.thread("reader", [m] {
    SpanReader<Policy> reader = m->reader(0);
    for (int i = 0; i < 2; ++i) (void)m->copy(reader, 2);
  });
  publishes(s, m, 2);
  s.finally([m] { m->require_all_accounted_for(); });
}

/// A lossy group: two readers, and the raiser between them.
void two_readers_are_lapped(Scenario& s) {
  auto m = drop_model({.prefilled = 1});
  for (const std::uint32_t gate : {0u, 1u}) {
    s.thread("reader" + std::to_string(gate), [m, gate] {
      SpanReader<Policy> reader = m->reader(gate);
      (void)m->copy(reader, 1);
    });
  }
  publishes(s, m, 2);
  s.finally([m] { m->require_all_accounted_for(); });
}

/// A larger one, for drawn schedules: two producers lap two readers, one of which drops by itself.
void readers_are_lapped_again_and_again(Scenario& s) {
  auto m = drop_model({.capacity_bytes = 128});
  for (const char* name : {"producer1", "producer2"}) publishes(s, m, 4, name);
  for (const std::uint32_t gate : {0u, 1u}) {
    s.thread("reader" + std::to_string(gate), [m, gate] {
      SpanReader<Policy> reader = m->reader(gate);
      for (int i = 0; i < 3; ++i) {
        if (gate == 0) reader.drop_to_middle(m->filter, kRecord);
        (void)m->copy(reader, 2);
      }
    });
  }
  s.finally([m] { m->require_all_accounted_for(); });
}

}  // namespace

std::vector<Model> drop_models() {
  const auto lapped = [](Filter::Wants wants, Producers producers) {
    return [wants, producers](Scenario& s) { a_reader_is_lapped(s, wants, producers); };
  };
  return {
      {.name = "drop: a reader is lapped in mid-copy",
       .setup = lapped(Filter::Wants::all, Producers::multi),
       .must_occur = {"0 2", "1 1", "1 2", "2 0", "2 1"}},
      {.name = "drop: a reader is lapped by a single producer",
       .setup = lapped(Filter::Wants::all, Producers::single)},
      {.name = "drop: what is not wanted is not lost", .setup = lapped(Filter::Wants::odd, Producers::multi)},
      {.name = "drop: a reader is lapped by two producers", .setup = a_reader_is_lapped_by_two},
      {.name = "drop: a producer is never held up by a cursor",
       .setup = a_producer_is_never_held_up_by_a_cursor},
      {.name = "drop: an open claim is not dropped", .setup = an_open_claim_is_not_dropped},
      {.name = "drop: a reader drops to the middle of the ring", .setup = a_reader_drops_to_the_middle},
      {.name = "drop: a second copy ends the first", .setup = a_second_copy_ends_the_first},
      {.name = "drop: two readers are lapped", .setup = two_readers_are_lapped},
      {.name = "drop: again and again, in drawn schedules",
       .options = {.stale_reads = 3, .random_schedules = 3'000},
       .setup = readers_are_lapped_again_and_again},
  };
}

}  // namespace sluice::model

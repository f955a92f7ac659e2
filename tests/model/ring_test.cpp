#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/support.hpp"

/// Claiming, committing and raising in rings of two to four records, with a reader behind a gate: every
/// schedule with two preemptions and a stale read per thread.
namespace sluice::model {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::string show(const Numbers& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

class RingModelOf : public testing::TestWithParam<Producers> {};
INSTANTIATE_TEST_SUITE_P(, RingModelOf, testing::Values(Producers::single, Producers::multi),
                         [](const auto& kind) {
                           return kind.param == Producers::single ? "single" : "multi";
                         });

// ---- one producer, one reader -------------------------------------------------------------------------

TEST_P(RingModelOf, a_reader_gets_every_record_once_and_in_order_while_the_ring_is_lapped) {
  const Report report = explore({.name = "in order"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = GetParam()});
    s.thread("producer", [m] {
      Publisher producer(*m);
      for (std::uint64_t number = 1; number <= 3; ++number) producer.publish(number);
    });
    s.thread("reader", [m] {
      GateReader reader(*m);
      for (std::uint64_t number = 1; number <= 3; ++number) {
        require(reader.next().number == number, "records come in order, none is missing or seen twice");
      }
    });
    s.finally([m] { require(m->ring.tail() == 96, "three records were claimed"); });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST_P(RingModelOf, a_record_that_would_cross_the_end_begins_anew_behind_padding) {
  const Report report = explore({.name = "wrap"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(
        RingSetup{.capacity_bytes = 128, .producers = GetParam(), .start_position = 96});
    s.thread("producer", [m] {
      Publisher producer(*m);
      producer.publish(1, 64);
      producer.publish(2, 64);
    });
    s.thread("reader", [m] {
      GateReader reader(*m, 0, 96);
      const GateReader::Record first = reader.next();
      require(first.number == 1 && first.position == 128, "the first record stands at the ring's beginning");
      const GateReader::Record second = reader.next();
      require(second.number == 2 && second.position == 192, "the second follows it");
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST_P(RingModelOf, an_aborted_claim_is_stepped_over) {
  const Report report = explore({.name = "abort"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = GetParam()});
    s.thread("producer", [m] {
      Publisher producer(*m);
      Reservation space;
      await([&] { return (space = producer.claim(1)).status == ClaimStatus::ok; });
      producer.abort(space);
      producer.publish(2);
      producer.publish(3);
    });
    s.thread("reader", [m] {
      GateReader reader(*m);
      require(reader.next().number == 2, "what was aborted is not delivered");
      require(reader.next().number == 3, "what follows is");
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST_P(RingModelOf, a_short_commit_leaves_padding_that_a_reader_never_takes_for_a_record) {
  const Report report = explore({.name = "short commit"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = GetParam()});
    s.thread("producer", [m] {
      Publisher producer(*m);
      Reservation space;
      // The claim writes its number all over the 64 bytes: what the padding's word covers is payload before.
      await([&] { return (space = producer.claim(1, 64)).status == ClaimStatus::ok; });
      producer.commit(space, 32);
      producer.publish(2);
      producer.publish(3);
    });
    s.thread("reader", [m] {
      GateReader reader(*m);
      const Numbers positions{0, 64, 96};
      for (std::uint64_t number = 1; number <= 3; ++number) {
        const GateReader::Record record = reader.next();
        require(record.number == number && record.position == positions[number - 1],
                "in order, at its place");
      }
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST_P(RingModelOf, a_batch_is_seen_whole_or_not_at_all) {
  const Report report = explore({.name = "batch"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = GetParam()});
    s.thread("producer", [m] {
      Publisher producer(*m);
      Reservation space;
      await([&] { return (space = producer.claim(1, 64)).status == ClaimStatus::ok; });
      producer.write(space.position, 32, 1);
      producer.write(space.position + 32, 32, 2);
      m->ring.place(space.position + 32, CommitWord::committed(RecordKind::data, 32));
      m->ring.commit_batch(space, CommitWord::committed(RecordKind::data, 32), 64);
    });
    s.thread("reader", [m] {
      GateReader reader(*m);
      require(reader.next().number == 1, "the first record of the batch");
      const auto second = reader.try_next();
      require(second.has_value() && second->number == 2, "the others are there with the first");
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST_P(RingModelOf, what_a_gate_holds_is_never_overwritten) {
  const Report report = explore({.name = "held"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = GetParam()});
    s.thread("producer", [m] {
      Publisher producer(*m);
      std::int64_t published = 0;
      for (std::uint64_t number = 1; number <= 3; ++number) published += producer.try_publish(number) ? 1 : 0;
      outcome({published});
    });
    s.thread("reader", [m] {
      // Looks twice at the first record and lets nothing go in between.
      if (!m->ring.word(0).is_committed()) return;
      require(read_number(*m, 0) == 1, "the first record");
      require(read_number(*m, 0) == 1, "still the first record");
      m->gate().value.store(32, std::memory_order_release);
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
  EXPECT_TRUE(report.saw("1") && report.saw("2"))
      << report;  // one record less than fits: the word at the limit
  EXPECT_FALSE(report.saw("0") || report.saw("3")) << report;
}

// ---- several producers --------------------------------------------------------------------------------

TEST(RingModel, two_producers_lose_nothing_and_keep_their_own_order) {
  const Report report = explore({.name = "two producers"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
    for (const std::uint64_t first : {10u, 20u}) {
      s.thread("producer" + std::to_string(first), [m, first] {
        Publisher producer(*m);
        producer.publish(first);
        if (first == 10) producer.publish(first + 1);
      });
    }
    s.thread("reader", [m] {
      GateReader reader(*m);
      Numbers seen;
      for (int i = 0; i < 3; ++i) seen.push_back(reader.next().number);
      outcome(show(seen));
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
  EXPECT_EQ(report.outcomes.size(), 3u) << report;
  EXPECT_TRUE(report.saw("10 11 20") && report.saw("10 20 11") && report.saw("20 10 11")) << report;
}

TEST(RingModel, two_producers_share_a_full_ring_behind_one_reader) {
  const Report report = explore({.name = "full ring", .preemptions = 1}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64});
    for (const std::uint64_t number : {1u, 2u}) {
      s.thread("producer" + std::to_string(number), [m, number] { Publisher(*m).publish(number); });
    }
    s.thread("reader", [m] {
      GateReader reader(*m);
      Numbers seen;
      for (int i = 0; i < 2; ++i) seen.push_back(reader.next().number);
      outcome(show(seen));
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
  EXPECT_TRUE(report.saw("1 2") && report.saw("2 1")) << report;
}

TEST(RingModel, a_claim_left_open_hides_what_follows_until_it_is_closed) {
  const Report report = explore({.name = "open claim"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
    // Claimed before anybody runs, so that the other producer's record is always the second.
    auto first = std::make_shared<Publisher>(*m);
    const Reservation open = first->claim(1);
    s.thread("slow", [first, open] { first->commit(open); });
    s.thread("quick", [m] { require(Publisher(*m).try_publish(2), "there is room behind an open claim"); });
    s.thread("reader", [m] {
      GateReader reader(*m);
      const auto record = reader.try_next();
      require(!record || record->number == 1, "nobody sees the second before the first");
      outcome({record ? 1 : 0});
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.saw("0") && report.saw("1")) << report;
}

TEST(RingModel, without_gates_an_open_claim_is_never_lapped) {
  const Report report = explore({.name = "stalled claim"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .gates = 0, .joined_gates = 0});
    s.thread("slow", [m] {
      Publisher producer(*m);
      const Reservation space = producer.claim(1);
      if (space.status != ClaimStatus::ok) return;
      // Written once more: a producer that laps this claim writes the same bytes, which is a race.
      producer.write(space.position, 32, 1);
      producer.commit(space);
    });
    s.thread("quick", [m] {
      Publisher producer(*m);
      std::int64_t published = 0;
      for (std::uint64_t number = 2; number <= 4; ++number) published += producer.try_publish(number) ? 1 : 0;
      outcome({published});
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
  EXPECT_TRUE(report.saw("3")) << report;  // alone, it laps the ring freely
  EXPECT_TRUE(report.saw("0")) << report;  // behind the open claim, it is told to wait
}

// ---- raising ------------------------------------------------------------------------------------------

TEST(RingModel, a_preempted_raiser_holds_nobody_up_that_finds_room) {
  const Report report = explore({.name = "preempted raiser"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
    s.thread("raiser", [m] { (void)m->ring.raiser().try_raise(0); });
    s.thread("producer", [m] {
      Publisher producer(*m);
      require(producer.try_publish(1) && producer.try_publish(2), "the ring is empty: there is room");
      producer.publish(3);
    });
    s.thread("reader", [m] {
      GateReader reader(*m);
      for (std::uint64_t number = 1; number <= 3; ++number)
        require(reader.next().number == number, "in order");
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST(RingModel, two_raisers_at_once_zero_nothing_that_is_committed) {
  const Report report = explore({.name = "two raisers"}, [](Scenario& s) {
    auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .gates = 0, .joined_gates = 0});
    for (const std::uint64_t first : {10u, 20u}) {
      s.thread("producer" + std::to_string(first), [m, first] {
        Publisher producer(*m);
        (void)producer.try_publish(first);
        (void)producer.try_publish(first + 1);
      });
    }
    s.finally([m] {
      // Nobody reads: the newest record is the one below the tail, and it is still there.
      const std::uint64_t tail = m->ring.tail();
      require(tail >= 32, "somebody gets on");
      require(m->ring.word(tail - 32).is_committed(), "the last record is whole");
      require(m->ring.limit() >= tail && m->ring.limit() <= tail + 32, "the limit stays within the ring");
    });
  });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted) << report;
}

TEST(RingModel, larger_configurations_hold_in_drawn_schedules) {
  const Report report =
      explore({.name = "drawn", .stale_reads = 3, .random_schedules = 3'000}, [](Scenario& s) {
        auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .gates = 2, .joined_gates = 2});
        for (const std::uint64_t first : {10u, 20u}) {
          s.thread("producer" + std::to_string(first), [m, first] {
            Publisher producer(*m);
            for (std::uint64_t number = first; number < first + 3; ++number) producer.publish(number);
          });
        }
        auto seen = std::make_shared<std::vector<Numbers>>(2);
        for (const std::uint32_t slot : {0u, 1u}) {
          s.thread("reader" + std::to_string(slot), [m, seen, slot] {
            GateReader reader(*m, slot);
            for (int i = 0; i < 6; ++i) (*seen)[slot].push_back(reader.next().number);
          });
        }
        s.finally([seen] { require((*seen)[0] == (*seen)[1], "both readers see one order"); });
      });
  EXPECT_TRUE(report.passed()) << report;
}

}  // namespace
}  // namespace sluice::model

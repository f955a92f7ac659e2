#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "model/litmus.hpp"

/// What threads see of one variable: its stores in one order, additions whole, exchanges of the newest value.
namespace sluice::model::litmus {
namespace {

// ---- coherence ----------------------------------------------------------------------------------------

TEST(LitmusCoherence, a_thread_never_reads_backwards) {
  const Report report = run(
      {.stale_reads = 3},
      [](Cells& c) {
        c.x.store(1, relaxed);
        c.x.store(2, relaxed);
      },
      [](Cells& c) {
        c.r1 = c.x.load(relaxed);
        c.r2 = c.x.load(relaxed);
      });
  for (const char* forbidden : {"1 0", "2 0", "2 1"}) EXPECT_FALSE(report.saw(forbidden)) << report;
  for (const char* allowed : {"0 0", "0 1", "0 2", "1 1", "1 2", "2 2"})
    EXPECT_TRUE(report.saw(allowed)) << report;
}

TEST(LitmusCoherence, a_thread_reads_its_own_store_or_a_newer_one) {
  const Report report = run(
      {.stale_reads = 3}, [](Cells& c) { c.x.store(1, relaxed); },
      [](Cells& c) {
        c.x.store(2, relaxed);
        c.r1 = c.x.load(relaxed);
      });
  EXPECT_FALSE(report.saw("0")) << report;
  EXPECT_TRUE(report.saw("1") && report.saw("2")) << report;
}

TEST(LitmusCoherence, the_last_store_of_a_thread_stays) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Cells>();
    s.thread("writer", [c] {
      c->x.store(1, relaxed);
      c->x.store(2, relaxed);
    });
    s.thread("reader", [c] { (void)c->x.load(relaxed); });
    s.finally([c] { require(c->x.load(relaxed) == 2, "2 comes after 1"); });
  });
  EXPECT_TRUE(report.passed()) << report;
}

TEST(LitmusCoherence, read_modify_writes_lose_nothing) {
  const Report report = explore({.preemptions = 3, .stale_reads = 2}, [](Scenario& s) {
    auto c = std::make_shared<Cells>();
    for (int i = 0; i < 3; ++i) s.thread("adder", [c] { (void)c->x.fetch_add(1, relaxed); });
    s.finally([c] { require(c->x.load(relaxed) == 3, "each addition counts"); });
  });
  EXPECT_TRUE(report.passed()) << report;
}

TEST(LitmusCoherence, additions_by_load_and_store_are_lost) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Cells>();
    for (int i = 0; i < 2; ++i) s.thread("adder", [c] { c->x.store(c->x.load(relaxed) + 1, relaxed); });
    s.finally([c] { outcome({c->x.load(relaxed)}); });
  });
  EXPECT_TRUE(report.saw("1") && report.saw("2")) << report;
}

// ---- compare and swap ---------------------------------------------------------------------------------

TEST(LitmusCompareAndSwap, a_weak_one_may_fail_for_no_reason_a_strong_one_may_not) {
  const auto once = [](bool weak) {
    return explore({}, [weak](Scenario& s) {
      auto c = std::make_shared<Cells>();
      s.thread("swapper", [c, weak] {
        int expected = 0;
        const bool done = weak ? c->x.compare_exchange_weak(expected, 1, relaxed, relaxed)
                               : c->x.compare_exchange_strong(expected, 1, relaxed, relaxed);
        outcome({done ? 1 : 0, expected});
      });
    });
  };
  EXPECT_TRUE(once(true).saw("0 0") && once(true).saw("1 0"));
  EXPECT_FALSE(once(false).saw("0 0"));
}

TEST(LitmusCompareAndSwap, a_failing_one_may_see_an_old_value_but_success_is_never_stale) {
  const Report report = run(
      {},
      [](Cells& c) {
        c.x.store(1, relaxed);
        c.y.store(1, relaxed);
      },
      [](Cells& c) {
        if (c.y.load(relaxed) == 0) return;
        c.r1 = 5;
        c.r2 = c.x.compare_exchange_strong(c.r1, 6, relaxed, relaxed) ? 1 : 0;
        int expected = 0;
        c.r3 = c.x.compare_exchange_strong(expected, 6, relaxed, relaxed) ? 1 : 0;
      });
  EXPECT_TRUE(report.saw("0 0 0") && report.saw("1 0 0")) << report;
  EXPECT_FALSE(report.saw("0 0 1") || report.saw("1 0 1")) << report;
}

TEST(LitmusCompareAndSwap, does_not_notice_that_a_value_went_away_and_came_back) {
  const Report report = run(
      {},
      [](Cells& c) {
        int seen = c.x.load(relaxed);
        c.r1 = seen;
        c.r2 = c.x.compare_exchange_strong(seen, 9, relaxed, relaxed) ? 1 : 0;
        c.r3 = c.y.load(relaxed);
      },
      [](Cells& c) {
        c.y.store(1, relaxed);
        c.x.store(1, relaxed);
        c.x.store(0, relaxed);
      });
  EXPECT_TRUE(report.saw("0 1 1")) << report;
  EXPECT_TRUE(report.saw("0 0 1")) << report;
}

}  // namespace
}  // namespace sluice::model::litmus

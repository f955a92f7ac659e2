#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "model/checker/explore.hpp"
#include "model/checker/policy.hpp"

/// Does the checker allow what the C++ memory model allows, and forbid what it forbids? The classic small
/// programs, each with the outcomes that must be seen and those that must not. The numbers of an outcome are
/// what the loads r1, r2, ... returned.
namespace sluice::model {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto seq_cst = std::memory_order_seq_cst;

/// Two atomics, one plain variable between them, and what up to four loads returned.
struct Cells {
  Atomic<int> x{0};
  Atomic<int> y{0};
  Var<int> data{0};
  int r1 = -1;
  int r2 = -1;
  int r3 = -1;
  int r4 = -1;

  Cells() {
    x.name("x");
    y.name("y");
    data.name("data");
  }
  [[nodiscard]] std::string results() const {
    std::string text;
    for (const int r : {r1, r2, r3, r4}) {
      if (r >= 0) text += (text.empty() ? "" : " ") + std::to_string(r);
    }
    return text;
  }
};

/// Every body is a thread over the same cells.
template <class... Body>
Report litmus(const Options& options, Body... body) {
  return explore(options, [=](Scenario& s) {
    auto cells = std::make_shared<Cells>();
    (s.thread("thread" + std::to_string(s.threads().size()), [cells, body] { body(*cells); }), ...);
    s.finally([cells] { outcome(cells->results()); });
  });
}

// ---- message passing ----------------------------------------------------------------------------------

Report message_passing(std::memory_order store, std::memory_order load, const Options& options = {}) {
  return litmus(
      options,
      [=](Cells& c) {
        c.x.store(1, relaxed);
        c.y.store(1, store);
      },
      [=](Cells& c) {
        c.r1 = c.y.load(load);
        c.r2 = c.x.load(relaxed);
      });
}

TEST(LitmusMessagePassing, holds_from_release_to_acquire) {
  const Report report = message_passing(release, acquire);
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted);
  EXPECT_TRUE(report.saw("0 0") && report.saw("0 1") && report.saw("1 1")) << report;
  EXPECT_FALSE(report.saw("1 0")) << report;
}

TEST(LitmusMessagePassing, fails_when_either_end_is_relaxed) {
  EXPECT_TRUE(message_passing(relaxed, acquire).saw("1 0"));
  EXPECT_TRUE(message_passing(release, relaxed).saw("1 0"));
}

TEST(LitmusMessagePassing, needs_stale_reads_to_be_seen_failing) {
  EXPECT_FALSE(message_passing(relaxed, relaxed, {.stale_reads = 0}).saw("1 0"));
}

TEST(LitmusMessagePassing, holds_from_release_fence_to_acquire_fence) {
  const Report report = litmus(
      {},
      [](Cells& c) {
        c.x.store(1, relaxed);
        Policy::release_fence();
        c.y.store(1, relaxed);
      },
      [](Cells& c) {
        c.r1 = c.y.load(relaxed);
        Policy::acquire_fence();
        c.r2 = c.x.load(relaxed);
      });
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.saw("1 1")) << report;
  EXPECT_FALSE(report.saw("1 0")) << report;
}

TEST(LitmusMessagePassing, fails_when_a_fence_has_no_partner) {
  const Report no_acquire = litmus(
      {},
      [](Cells& c) {
        c.x.store(1, relaxed);
        Policy::release_fence();
        c.y.store(1, relaxed);
      },
      [](Cells& c) {
        c.r1 = c.y.load(relaxed);
        c.r2 = c.x.load(relaxed);
      });
  EXPECT_TRUE(no_acquire.saw("1 0")) << no_acquire;
  const Report no_release = litmus(
      {},
      [](Cells& c) {
        c.x.store(1, relaxed);
        c.y.store(1, relaxed);
      },
      [](Cells& c) {
        c.r1 = c.y.load(relaxed);
        Policy::acquire_fence();
        c.r2 = c.x.load(relaxed);
      });
  EXPECT_TRUE(no_release.saw("1 0")) << no_release;
}

Report handed_on(std::memory_order in_the_middle, void (*middle)(Cells&, std::memory_order)) {
  return litmus(
      {},
      [](Cells& c) {
        c.data.set(7);
        c.x.store(1, release);
      },
      [=](Cells& c) { middle(c, in_the_middle); },
      [](Cells& c) {
        c.r1 = c.x.load(acquire);
        if (c.r1 == 2) c.r2 = c.data.get();
      });
}

TEST(LitmusMessagePassing, a_read_modify_write_carries_a_release_sequence_on) {
  const auto add = [](Cells& c, std::memory_order order) {
    int one = 1;
    (void)c.x.compare_exchange_strong(one, 2, order, relaxed);
  };
  const Report report = handed_on(relaxed, add);
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.saw("2 7")) << report;
}

TEST(LitmusMessagePassing, a_relaxed_store_of_another_thread_ends_a_release_sequence) {
  const auto overwrite = [](Cells& c, std::memory_order order) {
    if (c.x.load(relaxed) == 1) c.x.store(2, order);
  };
  const Report report = handed_on(relaxed, overwrite);
  EXPECT_NE(report.failure.find("data race on data"), std::string::npos) << report;
}

// ---- store buffering ----------------------------------------------------------------------------------

template <class Fence0, class Fence1>
Report store_buffering(Fence0 fence0, Fence1 fence1, std::memory_order order = relaxed) {
  return litmus(
      {},
      [=](Cells& c) {
        c.x.store(1, order);
        fence0();
        c.r1 = c.y.load(order);
      },
      [=](Cells& c) {
        c.y.store(1, order);
        fence1();
        c.r2 = c.x.load(order);
      });
}
constexpr auto no_fence = [] {};
constexpr auto full = [] { Policy::full_fence(); };
constexpr auto light = [] { Policy::light_fence(); };
constexpr auto heavy = [] { Policy::heavy_fence(); };

TEST(LitmusStoreBuffering, both_may_miss_the_other_without_fences) {
  const Report report = store_buffering(no_fence, no_fence);
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.saw("0 0") && report.saw("0 1") && report.saw("1 0") && report.saw("1 1")) << report;
}

TEST(LitmusStoreBuffering, one_sees_the_other_across_full_fences) {
  const Report report = store_buffering(full, full);
  EXPECT_FALSE(report.saw("0 0")) << report;
  EXPECT_TRUE(report.saw("0 1") && report.saw("1 0") && report.saw("1 1")) << report;
}

TEST(LitmusStoreBuffering, one_full_fence_is_not_enough) {
  EXPECT_TRUE(store_buffering(full, no_fence).saw("0 0"));
}

TEST(LitmusStoreBuffering, one_sees_the_other_between_seq_cst_operations) {
  const Report report = store_buffering(no_fence, no_fence, seq_cst);
  EXPECT_FALSE(report.saw("0 0")) << report;
  EXPECT_TRUE(report.saw("0 1") && report.saw("1 0") && report.saw("1 1")) << report;
}

TEST(LitmusStoreBuffering, one_sees_the_other_between_a_light_and_a_heavy_fence) {
  for (const Report& report : {store_buffering(light, heavy), store_buffering(heavy, light)}) {
    EXPECT_FALSE(report.saw("0 0")) << report;
    EXPECT_TRUE(report.saw("0 1") && report.saw("1 0") && report.saw("1 1")) << report;
  }
}

TEST(LitmusStoreBuffering, a_heavy_fence_is_a_full_one) {
  EXPECT_FALSE(store_buffering(heavy, heavy).saw("0 0"));
  EXPECT_FALSE(store_buffering(heavy, full).saw("0 0"));
}

TEST(LitmusStoreBuffering, a_light_fence_is_nothing_without_a_heavy_one) {
  EXPECT_TRUE(store_buffering(light, light).saw("0 0"));
  EXPECT_TRUE(store_buffering(light, full).saw("0 0"));
  EXPECT_TRUE(store_buffering(no_fence, heavy).saw("0 0"));
}

// ---- independent reads of independent writes ----------------------------------------------------------

Report independent_reads(std::memory_order store, std::memory_order load) {
  return litmus(
      {.preemptions = 2}, [=](Cells& c) { c.x.store(1, store); }, [=](Cells& c) { c.y.store(1, store); },
      [=](Cells& c) {
        c.r1 = c.x.load(load);
        c.r2 = c.y.load(load);
      },
      [=](Cells& c) {
        c.r3 = c.y.load(load);
        c.r4 = c.x.load(load);
      });
}

TEST(LitmusIriw, readers_may_disagree_on_the_order_with_acquire) {
  EXPECT_TRUE(independent_reads(release, acquire).saw("1 0 1 0"));
}

TEST(LitmusIriw, readers_agree_on_the_order_with_seq_cst) {
  const Report report = independent_reads(seq_cst, seq_cst);
  EXPECT_FALSE(report.saw("1 0 1 0")) << report;
  EXPECT_TRUE(report.saw("1 0 0 1") && report.saw("1 1 1 1")) << report;
}

// ---- coherence ----------------------------------------------------------------------------------------

TEST(LitmusCoherence, a_thread_never_reads_backwards) {
  const Report report = litmus(
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
  const Report report = litmus(
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
  const Report report = litmus(
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
  const Report report = litmus(
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

// ---- plain memory -------------------------------------------------------------------------------------

Report plain_hand_over(std::memory_order store, std::memory_order load) {
  return litmus(
      {},
      [=](Cells& c) {
        c.data.set(7);
        c.x.store(1, store);
      },
      [=](Cells& c) {
        if (c.x.load(load) == 1) c.r1 = c.data.get();
      });
}

TEST(LitmusRace, none_where_a_release_is_acquired) {
  const Report report = plain_hand_over(release, acquire);
  EXPECT_TRUE(report.passed() && report.saw("7")) << report;
}

TEST(LitmusRace, found_where_one_end_is_relaxed) {
  EXPECT_FALSE(plain_hand_over(relaxed, acquire).passed());
  EXPECT_FALSE(plain_hand_over(release, relaxed).passed());
}

TEST(LitmusRace, found_between_two_writers) {
  const Report report = litmus(
      {.preemptions = 0}, [](Cells& c) { c.data.set(1); }, [](Cells& c) { c.data.set(2); });
  EXPECT_NE(report.failure.find("data race on data: a plain write"), std::string::npos) << report;
}

TEST(LitmusRace, none_between_two_readers) {
  EXPECT_TRUE(litmus(
                  {}, [](Cells& c) { c.r1 = c.data.get(); }, [](Cells& c) { c.r2 = c.data.get(); })
                  .passed());
}

TEST(LitmusRace, found_where_a_reader_is_overwritten) {
  const Report report = litmus(
      {},
      [](Cells& c) {
        c.r1 = c.data.get();
        c.x.store(1, relaxed);
      },
      [](Cells& c) {
        if (c.x.load(acquire) == 1) c.data.set(2);
      });
  EXPECT_NE(report.failure.find("data race"), std::string::npos) << report;
}

TEST(LitmusRace, full_fences_alone_order_no_plain_access) {
  const Report report = litmus(
      {},
      [](Cells& c) {
        c.data.set(7);
        Policy::full_fence();
      },
      [](Cells& c) {
        Policy::full_fence();
        c.r1 = c.data.get();
      });
  EXPECT_FALSE(report.passed()) << report;
}

/// One word of a ring: payload of the last lap, then zeroed, then looked at as a commit word.
Report next_lap(std::memory_order zeroed) {
  return explore({}, [zeroed](Scenario& s) {
    struct Lap : Cells {
      RingBytes bytes{32};
      Policy::Memory ring{bytes};
    };
    auto c = std::make_shared<Lap>();
    s.thread("reader", [c] {
      *c->ring.writable(0, 8) = std::byte{7};
      c->x.store(1, release);
      if (c->y.load(acquire) == 1) outcome({static_cast<std::int64_t>(c->ring.load_word(0, acquire))});
    });
    s.thread("raiser", [c, zeroed] {
      if (c->x.load(acquire) == 0) return;
      c->ring.store_word(0, 0, relaxed);
      c->y.store(1, zeroed);
    });
  });
}

TEST(LitmusRace, stale_payload_is_taken_for_a_commit_word_unless_its_zero_is_released) {
  const Report relaxed_limit = next_lap(relaxed);
  EXPECT_TRUE(relaxed_limit.saw("7") && relaxed_limit.saw("0")) << relaxed_limit;
  const Report released_limit = next_lap(release);
  EXPECT_TRUE(released_limit.saw("0")) << released_limit;
  EXPECT_FALSE(released_limit.saw("7")) << released_limit;
}

TEST(LitmusRace, found_between_an_atomic_and_a_plain_access_of_one_word) {
  const Report report = explore({}, [](Scenario& s) {
    struct Word {
      RingBytes bytes{32};
      Policy::Memory ring{bytes};
    };
    auto c = std::make_shared<Word>();
    s.thread("writer", [c] { (void)c->ring.writable(4, 2); });
    s.thread("reader", [c] { (void)c->ring.load_word(0, acquire); });
  });
  EXPECT_NE(report.failure.find("data race on ring[0]"), std::string::npos) << report;
}

}  // namespace
}  // namespace sluice::model

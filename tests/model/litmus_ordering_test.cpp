#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "model/litmus.hpp"

/// What one thread sees of another's stores to two variables, with orders and fences in between.
namespace sluice::model::litmus {
namespace {

// ---- message passing ----------------------------------------------------------------------------------

Report message_passing(std::memory_order store, std::memory_order load, const Options& options = {}) {
  return run(
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

/// The same with relaxed operations, and fences between them.
template <class WritersFence, class ReadersFence>
Report message_passing_by_fences(WritersFence writers, ReadersFence readers) {
  return run(
      {},
      [=](Cells& c) {
        c.x.store(1, relaxed);
        writers();
        c.y.store(1, relaxed);
      },
      [=](Cells& c) {
        c.r1 = c.y.load(relaxed);
        readers();
        c.r2 = c.x.load(relaxed);
      });
}

TEST(LitmusMessagePassing, holds_from_release_fence_to_acquire_fence) {
  const Report report = message_passing_by_fences(release_fence, acquire_fence);
  ASSERT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.saw("1 1")) << report;
  EXPECT_FALSE(report.saw("1 0")) << report;
}

TEST(LitmusMessagePassing, fails_when_a_fence_has_no_partner) {
  EXPECT_TRUE(message_passing_by_fences(release_fence, no_fence).saw("1 0"));
  EXPECT_TRUE(message_passing_by_fences(no_fence, acquire_fence).saw("1 0"));
}

Report handed_on(std::memory_order in_the_middle, void (*middle)(Cells&, std::memory_order)) {
  return run(
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
  return run(
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
  return run(
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

}  // namespace
}  // namespace sluice::model::litmus

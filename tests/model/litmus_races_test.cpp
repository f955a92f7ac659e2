#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "model/litmus.hpp"

/// Plain memory: races are found, and only races.
namespace sluice::model::litmus {
namespace {

// ---- plain memory -------------------------------------------------------------------------------------

Report plain_hand_over(std::memory_order store, std::memory_order load) {
  return run(
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
  const Report report = run(
      {.preemptions = 0}, [](Cells& c) { c.data.set(1); }, [](Cells& c) { c.data.set(2); });
  EXPECT_NE(report.failure.find("data race on data: a plain write"), std::string::npos) << report;
}

TEST(LitmusRace, none_between_two_readers) {
  EXPECT_TRUE(run(
                  {}, [](Cells& c) { c.r1 = c.data.get(); }, [](Cells& c) { c.r2 = c.data.get(); })
                  .passed());
}

TEST(LitmusRace, found_where_a_reader_is_overwritten) {
  const Report report = run(
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
  const Report report = run(
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
}  // namespace sluice::model::litmus

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/checker/explore.hpp"
#include "model/checker/policy.hpp"

/// What the checker finds besides wrong values, and how it reports it.
namespace sluice::model {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr std::chrono::nanoseconds kForever{-1};

struct Shared {
  Atomic<std::uint32_t> word{0};
  Atomic<std::uint32_t> flag{0};

  Shared() {
    word.name("word");
    flag.name("flag");
  }
};

bool says(const Report& report, const std::string& what) {
  return report.failure.find(what) != std::string::npos;
}

enum class Ticket { before_the_look, after_the_look };

/// An event count: the sleeper looks at the flag, the waker sets it, counts the word and wakes.
Report sleeping(Ticket ticket, const Options& options = {}) {
  return explore(options, [ticket](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("sleeper", [c, ticket] {
      const std::uint32_t early = c->word.load(acquire);
      if (c->flag.load(acquire) != 0) return;
      const std::uint32_t late = c->word.load(acquire);
      Policy::futex_wait(c->word, ticket == Ticket::before_the_look ? early : late, kForever);
      outcome({c->word.load(relaxed)});
    });
    s.thread("waker", [c] {
      c->flag.store(1, relaxed);
      c->word.fetch_add(1, release);
      Policy::futex_wake_all(c->word);
    });
  });
}

TEST(Checker, finds_a_lost_wake_up) {
  const Report report = sleeping(Ticket::after_the_look);
  EXPECT_TRUE(says(report, "deadlock") && says(report, "'sleeper' sleeps on word")) << report;
}

TEST(Checker, finds_no_lost_wake_up_where_the_ticket_comes_first) {
  const Report report = sleeping(Ticket::before_the_look, {.preemptions = 4, .stale_reads = 2});
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted);
}

TEST(Checker, wakes_for_no_reason_when_allowed_to) {
  const Options options{.stale_reads = 0};
  EXPECT_FALSE(sleeping(Ticket::before_the_look, options).saw("0"));
  EXPECT_TRUE(sleeping(Ticket::before_the_look, {.stale_reads = 0, .spurious_wakes = 1}).saw("0"));
}

TEST(Checker, finds_a_deadlock_of_two_sleepers) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("first", [c] {
      Policy::futex_wait(c->word, 0, kForever);
      Policy::futex_wake_all(c->flag);
    });
    s.thread("second", [c] {
      Policy::futex_wait(c->flag, 0, kForever);
      Policy::futex_wake_all(c->word);
    });
  });
  EXPECT_TRUE(says(report, "'first'") && says(report, "'second'") && says(report, "deadlock")) << report;
}

TEST(Checker, finds_two_spin_locks_taken_in_both_orders) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    const auto lock = [](Atomic<std::uint32_t>& a) { await([&] { return a.exchange(1, acquire) == 0; }); };
    s.thread("first", [=] {
      lock(c->word);
      lock(c->flag);
      c->flag.store(0, release);
      c->word.store(0, release);
    });
    s.thread("second", [=] {
      lock(c->flag);
      lock(c->word);
      c->word.store(0, release);
      c->flag.store(0, release);
    });
  });
  EXPECT_FALSE(report.passed()) << report;
}

TEST(Checker, finds_a_spin_that_nobody_will_end) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("spinner", [c] { await([&] { return c->flag.load(acquire) == 1; }); });
    s.thread("other", [c] { c->word.store(1, relaxed); });
  });
  EXPECT_TRUE(says(report, "livelock") && says(report, "'spinner' spins")) << report;
}

TEST(Checker, lets_a_third_thread_run_while_two_spin_and_store) {
  const Report report = explore({.preemptions = 1}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    for (const char* name : {"left", "right"}) {
      s.thread(name, [c] {
        await([&] {
          (void)c->word.fetch_add(1, relaxed);
          return c->flag.load(acquire) == 1;
        });
      });
    }
    s.thread("third", [c] { c->flag.store(1, release); });
  });
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_TRUE(report.exhausted);
}

TEST(Checker, wakes_who_polls_a_signalled_descriptor) {
  const Report report = explore({}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("poller", [c] {
      Policy::await_signal(3);
      require(c->flag.load(relaxed) == 1, "what came before the signal is seen");
    });
    s.thread("signaller", [c] {
      c->flag.store(1, relaxed);
      Policy::signal(3);
    });
  });
  EXPECT_TRUE(report.passed()) << report;
}

TEST(Checker, reports_an_exception_that_leaves_a_thread) {
  const Report report =
      explore({}, [](Scenario& s) { s.thread("thrower", [] { throw std::runtime_error("boom"); }); });
  EXPECT_TRUE(says(report, "'thrower'") && says(report, "boom")) << report;
}

TEST(Checker, reports_a_schedule_without_end) {
  const Report report = explore({.steps = 100}, [](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("runner", [c] {
      while (c->flag.load(relaxed) == 0) {
      }
    });
  });
  EXPECT_TRUE(says(report, "no end in sight after 100 steps")) << report;
}

TEST(Checker, refuses_atomics_that_running_threads_construct) {
  const Report report = explore({}, [](Scenario& s) {
    s.thread("builder", [] {
      Atomic<int> late{0};
      late.store(1, relaxed);
    });
  });
  EXPECT_TRUE(says(report, "constructed while threads run")) << report;
}

/// Fails in some schedules: the reader may see the flag and not the word.
Report unordered(const Options& options, std::memory_order store) {
  return explore(options, [store](Scenario& s) {
    auto c = std::make_shared<Shared>();
    s.thread("writer", [c, store] {
      c->word.store(1, relaxed);
      c->flag.store(1, store);
    });
    s.thread("reader", [c] {
      if (c->flag.load(acquire) == 1) require(c->word.load(relaxed) == 1, "the flag brings the word");
    });
  });
}

TEST(CheckerReplay, runs_the_failing_schedule_again) {
  const Report found = unordered({.name = "mp"}, relaxed);
  ASSERT_FALSE(found.passed());
  const Report again = unordered({.name = "mp", .replay = found.replay}, relaxed);
  EXPECT_EQ(again.failure, found.failure);
  EXPECT_EQ(again.trace, found.trace);
  EXPECT_EQ(again.schedules, 1u);
}

TEST(CheckerReplay, shows_thread_variable_value_order_and_line) {
  const Report found = unordered({}, relaxed);
  EXPECT_NE(found.trace.find("writer       store word = 1 relaxed"), std::string::npos) << found;
  EXPECT_NE(found.trace.find("load  word = 0 relaxed (stale)"), std::string::npos) << found;
  EXPECT_NE(found.trace.find("checker_test.cpp:"), std::string::npos) << found;
}

TEST(CheckerReplay, of_random_schedules_too) {
  const Report found = unordered({.random_schedules = 1000, .seed = 3}, relaxed);
  ASSERT_FALSE(found.passed()) << found;
  EXPECT_EQ(unordered({.replay = found.replay}, relaxed).failure, found.failure);
}

TEST(CheckerRandom, draws_the_same_schedules_for_the_same_seed) {
  const Options options{.random_schedules = 200, .seed = 11};
  const Report once = unordered(options, release);
  const Report twice = unordered(options, release);
  EXPECT_TRUE(once.passed() && twice.passed());
  EXPECT_EQ(once.schedules, twice.schedules);
  EXPECT_EQ(once.operations, twice.operations);
  EXPECT_LE(once.schedules, 200u);  // those drawn twice count once
}

TEST(CheckerBounds, more_preemptions_are_more_schedules) {
  std::uint64_t before = 0;
  for (const int preemptions : {0, 1, 2, 3}) {
    const Report report = explore({.preemptions = preemptions}, [](Scenario& s) {
      auto c = std::make_shared<Shared>();
      for (const char* name : {"left", "right"}) {
        s.thread(name, [c] {
          for (int i = 0; i < 3; ++i) (void)c->word.fetch_add(1, relaxed);
        });
      }
    });
    EXPECT_TRUE(report.exhausted);
    EXPECT_GT(report.schedules, before);
    before = report.schedules;
  }
}

TEST(CheckerBounds, every_order_of_dependent_operations_is_one_schedule) {
  const Report report = explore({.preemptions = 9}, [](Scenario& s) {
    struct Log : Shared {
      std::string order;
    };
    auto c = std::make_shared<Log>();
    for (const char* name : {"a", "b"}) {
      s.thread(name, [c, name] {
        for (int i = 0; i < 3; ++i) {
          (void)c->word.fetch_add(1, relaxed);
          c->order += name;
        }
      });
    }
    s.finally([c] { outcome(c->order); });
  });
  EXPECT_EQ(report.outcomes.size(), 20u) << report;  // 6 over 3
  EXPECT_EQ(report.schedules, 20u) << report;
}

/// One of many small programs: three threads of three operations each over two locations.
Report drawn_program(std::uint32_t seed, bool run_redundant) {
  return explore({.run_redundant = run_redundant}, [seed](Scenario& s) {
    struct Cells : Shared {
      std::array<std::int64_t, 3> seen{};
    };
    auto c = std::make_shared<Cells>();
    auto draw = std::make_shared<std::minstd_rand>(seed);
    for (std::size_t thread = 0; thread < 3; ++thread) {
      std::vector<std::uint32_t> operations;
      for (int i = 0; i < 3; ++i) operations.push_back(static_cast<std::uint32_t>((*draw)() >> 4));
      s.thread(std::string(1, static_cast<char>('a' + thread)), [c, operations, thread] {
        for (const std::uint32_t operation : operations) {
          Atomic<std::uint32_t>& at = operation & 1 ? c->word : c->flag;
          const bool ordered = (operation & 2) != 0;
          std::uint32_t seen = 0;
          switch (operation >> 2 & 7) {
            case 0:
              Policy::full_fence();
              break;
            case 1:
              seen = at.fetch_add(1, ordered ? std::memory_order_acq_rel : relaxed);
              break;
            case 2:
            case 3:
              at.store(operation >> 5 & 3, ordered ? release : relaxed);
              break;
            case 4:
              ordered ? Policy::light_fence() : Policy::heavy_fence();
              break;
            case 5:
              at.compare_exchange_strong(seen, 7, acquire, relaxed);
              break;
            default:
              seen = at.load(ordered ? acquire : relaxed);
          }
          c->seen[thread] = c->seen[thread] * 10 + seen;
        }
      });
    }
    s.finally([c] {
      outcome({c->seen[0], c->seen[1], c->seen[2], c->word.load(relaxed), c->flag.load(relaxed)});
    });
  });
}

TEST(CheckerBounds, schedules_left_out_as_redundant_hide_no_outcome) {
  std::uint64_t fewer = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    const Report reduced = drawn_program(seed, false);
    const Report complete = drawn_program(seed, true);
    ASSERT_TRUE(reduced.exhausted && complete.exhausted) << reduced << complete;
    ASSERT_EQ(reduced.outcomes.size(), complete.outcomes.size()) << "seed " << seed << '\n'
                                                                 << reduced << complete;
    for (const auto& [text, count] : complete.outcomes)
      ASSERT_TRUE(reduced.saw(text)) << "seed " << seed << ' ' << text;
    fewer += reduced.schedules < complete.schedules ? 1u : 0u;
  }
  EXPECT_GT(fewer, 150u);
}

TEST(CheckerBounds, private_and_constant_locations_multiply_no_schedules) {
  const auto with_private_work = [](int operations) {
    return explore({},
                   [operations](Scenario& s) {
                     struct Three : Shared {
                       Atomic<int> mine{0};
                       Atomic<int> constant{5};
                     };
                     auto c = std::make_shared<Three>();
                     s.thread("writer", [=] {
                       c->word.store(1, relaxed);
                       for (int i = 0; i < operations; ++i) c->mine.store(c->constant.load(relaxed), relaxed);
                     });
                     s.thread("reader", [=] { outcome({c->word.load(relaxed), c->constant.load(relaxed)}); });
                   })
        .schedules;
  };
  EXPECT_EQ(with_private_work(0), with_private_work(20));
}

const Site* find_site(const Report& report, Operation operation, std::memory_order order) {
  const auto found = std::find_if(report.sites.begin(), report.sites.end(), [&](const Site& site) {
    return site.operation == operation && site.order == order;
  });
  return found == report.sites.end() ? nullptr : &*found;
}

TEST(CheckerMutants, weaken_an_ordering_by_file_and_line) {
  const Report sound = unordered({}, release);
  ASSERT_TRUE(sound.passed()) << sound;
  const Site* store = find_site(sound, Operation::store, release);
  const Site* load = find_site(sound, Operation::load, acquire);
  ASSERT_TRUE(store != nullptr && load != nullptr) << sound;
  EXPECT_FALSE(unordered({.mutations = {{.at = store->name()}}}, release).passed());
  EXPECT_FALSE(unordered({.mutations = {{.at = load->name()}}}, release).passed());
  EXPECT_TRUE(unordered({.mutations = {{.at = store->name(), .to = release}}}, release).passed());
}

TEST(CheckerMutants, leave_a_fence_out) {
  const auto dekker = [](const Options& options) {
    return explore(options, [](Scenario& s) {
      auto c = std::make_shared<Shared>();
      auto missed = std::make_shared<int>(0);
      s.thread("left", [=] {
        c->word.store(1, relaxed);
        Policy::full_fence();
        *missed += c->flag.load(relaxed) == 0 ? 1 : 0;
      });
      s.thread("right", [=] {
        c->flag.store(1, relaxed);
        Policy::full_fence();
        *missed += c->word.load(relaxed) == 0 ? 1 : 0;
      });
      s.finally([=] { require(*missed < 2, "one of the two sees the other"); });
    });
  };
  const Report sound = dekker({});
  ASSERT_TRUE(sound.passed()) << sound;
  int fences = 0;
  for (const Site& site : sound.sites) {
    if (!site.is_fence()) continue;
    ++fences;
    EXPECT_FALSE(dekker({.mutations = {{.at = site.name()}}}).passed()) << site.name();
  }
  EXPECT_EQ(fences, 2);
}

TEST(CheckerMutants, say_which_were_never_met) {
  const Report report = unordered({.mutations = {{.at = "nowhere.hpp:1:store"}}}, release);
  EXPECT_EQ(report.unmet_mutations, std::vector<std::string>{"nowhere.hpp:1:store"});
}

}  // namespace
}  // namespace sluice::model

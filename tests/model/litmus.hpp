#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "model/checker/explore.hpp"
#include "model/checker/policy.hpp"

/// Does the checker allow what the C++ memory model allows, and forbid what it forbids? The classic small
/// programs, each with the outcomes that must be seen and those that must not. The numbers of an outcome are
/// what the loads r1, r2, ... returned.
namespace sluice::model::litmus {

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

/// What stands between a thread's operations, or does not.
inline constexpr auto no_fence = [] {};
inline constexpr auto acquire_fence = [] { Policy::acquire_fence(); };
inline constexpr auto release_fence = [] { Policy::release_fence(); };
inline constexpr auto full = [] { Policy::full_fence(); };
inline constexpr auto light = [] { Policy::light_fence(); };
inline constexpr auto heavy = [] { Policy::heavy_fence(); };

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
Report run(const Options& options, Body... body) {
  return explore(options, [=](Scenario& s) {
    auto cells = std::make_shared<Cells>();
    (s.thread("thread" + std::to_string(s.threads().size()), [cells, body] { body(*cells); }), ...);
    s.finally([cells] { outcome(cells->results()); });
  });
}

}  // namespace sluice::model::litmus

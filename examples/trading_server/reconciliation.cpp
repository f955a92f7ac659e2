#include "reconciliation.hpp"

#include <algorithm>

#include "quantity.hpp"

namespace trading {

void Reconciliation::expect_equal(std::string_view who, std::string_view what, std::uint64_t actual,
                                  std::uint64_t expected) {
  if (actual == expected) return;
  report(who, std::string(what) + " is " + format_count(actual) + "; expected " + format_count(expected));
}

void Reconciliation::expect_equal(std::string_view who, const KindCounts& actual,
                                  const KindCounts& expected) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    expect_equal(who, "number of " + std::string(kKindNames[kind]) + " events", actual.by_kind[kind],
                 expected.by_kind[kind]);
  }
}

void Reconciliation::report(std::string_view who, std::string_view problem) {
  culprits_.emplace_back(who);
  problems_.push_back(std::string(who) + ": " + std::string(problem));
}

bool Reconciliation::ok(std::string_view who) const {
  return std::find(culprits_.begin(), culprits_.end(), who) == culprits_.end();
}

}  // namespace trading

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tally.hpp"

namespace trading {

/// Compares what was received with what was published, and remembers in words what does not agree.
class Reconciliation {
 public:
  /// `who: what is actual; expected ...`
  void expect_equal(std::string_view who, std::string_view what, std::uint64_t actual,
                    std::uint64_t expected);
  /// Kind by kind, so that a message says which events are missing.
  void expect_equal(std::string_view who, const KindCounts& actual, const KindCounts& expected);
  void report(std::string_view who, std::string_view problem);

  /// Whether nothing about `who` is off.
  [[nodiscard]] bool ok(std::string_view who) const;
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  std::vector<std::string> culprits_;  ///< beside `problems_`
  std::vector<std::string> problems_;
};

}  // namespace trading

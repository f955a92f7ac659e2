#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/placement.hpp"
#include "topology/suite.hpp"

namespace sluice::bench {

enum class Bound : std::uint8_t {
  at_least,
  at_most,
  none,  ///< worth knowing, without a target
};

/// A figure of this run that a target exists for.
struct Ratio {
  std::string name;  ///< such as `one_to_one sluice / moodycamel_token`
  double value = 0;
  Bound bound = Bound::none;
  double wanted = 0;
  Regime regime = Regime::mixed;

  [[nodiscard]] bool met() const noexcept {
    return bound == Bound::at_least ? value >= wanted : bound == Bound::none || value <= wanted;
  }
};

/// All that these outcomes allow to be computed, 64 bytes, each regime for itself.
[[nodiscard]] std::vector<Ratio> ratios_of(const std::vector<Outcome>& outcomes);

}  // namespace sluice::bench

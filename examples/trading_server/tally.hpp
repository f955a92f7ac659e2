#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "checksum.hpp"
#include "events.hpp"

namespace trading {

/// How many events of each kind somebody has published or received.
struct KindCounts {
  std::array<std::uint64_t, kKinds> by_kind{};

  void count(Kind kind) noexcept { ++by_kind[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t of(Kind kind) const noexcept { return by_kind[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t total() const noexcept {
    return std::accumulate(by_kind.begin(), by_kind.end(), std::uint64_t{0});
  }
  /// All but the day markers.
  [[nodiscard]] std::uint64_t messages() const noexcept { return total() - of(Kind::day); }
};

/// What was traded. Sums wrap round at 2^64, on all sides alike.
struct Turnover {
  std::uint64_t shares = 0;
  std::uint64_t value = 0;  ///< in 1/10,000 dollar

  void add(std::uint32_t size, Price price) noexcept {
    shares += size;
    value += size * static_cast<std::uint64_t>(price);
  }
};

}  // namespace trading

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace trading {

/// A sum over events that changes with every byte and with their order. Who publishes and who receives
/// compute it apart; if the two agree, nothing was lost, doubled, reordered or torn. One multiplication for
/// each eight bytes, since it is taken over every event: an error check, not a defence.
class Checksum {
 public:
  /// `bytes` is a multiple of eight long.
  void add(std::span<const std::byte> bytes) noexcept {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + at, sizeof word);
      add(word);
    }
  }
  void add(std::uint64_t word) noexcept { sum_ = (std::rotl(sum_, 5) ^ word) * 0x9e37'79b9'7f4a'7c15U; }

  [[nodiscard]] std::uint64_t value() const noexcept { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace trading

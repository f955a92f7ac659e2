#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::fuzz {

/// A fuzzer's bytes, taken one after the other; zeros once there are none left.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  /// A number of `bytes` bytes, little-endian.
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    const auto taken = this->bytes(bytes);
    for (std::size_t i = 0; i < taken.size(); ++i) value |= std::to_integer<std::uint64_t>(taken[i]) << 8 * i;
    return value;
  }
  /// At most so many.
  std::span<const std::byte> bytes(std::uint64_t count) {
    const auto taken = rest_.first(static_cast<std::size_t>(std::min<std::uint64_t>(count, rest_.size())));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::byte> rest() { return bytes(rest_.size()); }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace sluice::fuzz

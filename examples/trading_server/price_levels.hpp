#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "order_message.hpp"

namespace trading {

/// All orders of one side at one price.
struct PriceLevel {
  Price price = 0;
  std::uint64_t size = 0;  ///< shares
  std::uint64_t orders = 0;
};

/// One side of a book: its price levels in one array, the best last. Most messages change levels near the
/// best price, so most insertions and removals move only a few neighbours at the array's end, and the best is
/// one load.
///
/// Not thread-safe.
class PriceLevels {
 public:
  explicit PriceLevels(Side side) noexcept : sign_(side == Side::buy ? 1 : -1) {}

  [[nodiscard]] bool empty() const noexcept { return levels_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return levels_.size(); }
  /// The best level; there must be one.
  [[nodiscard]] const PriceLevel& best() const noexcept { return levels_.back(); }

  void add(Price price, std::uint32_t size) {
    auto level = find(price);
    if (level == levels_.end() || level->price != price) level = levels_.insert(level, {price, 0, 0});
    level->size += size;
    ++level->orders;
  }

  /// Takes shares from an order that stays.
  void reduce(Price price, std::uint32_t size) noexcept { find(price)->size -= size; }

  /// Takes an order away with the `size` shares that it had left.
  void remove(Price price, std::uint32_t size) noexcept {
    const auto level = find(price);
    level->size -= size;
    if (--level->orders == 0) levels_.erase(level);
  }

  void clear() noexcept { levels_.clear(); }

 private:
  using Iterator = std::vector<PriceLevel>::iterator;

  /// The level at `price`, or where it belongs. Looks at the few best levels one by one before it halves the
  /// rest.
  [[nodiscard]] Iterator find(Price price) noexcept {
    constexpr std::ptrdiff_t kNear = 8;
    const Price wanted = price * sign_;
    auto at = levels_.end();
    const auto near = levels_.end() - std::min<std::ptrdiff_t>(kNear, levels_.end() - levels_.begin());
    while (at != near) {
      if ((at - 1)->price * sign_ < wanted) return at;
      --at;
      if (at->price == price) return at;
    }
    return std::lower_bound(levels_.begin(), at, wanted,
                            [this](const PriceLevel& level, Price key) { return level.price * sign_ < key; });
  }

  std::vector<PriceLevel> levels_;
  Price sign_;
};

}  // namespace trading

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "order_message.hpp"

namespace trading {

/// What is left of an order that rests in the book.
struct RestingOrder {
  OrderId id = kNoOrder;  ///< `kNoOrder`: this place is free
  Price price = 0;
  std::uint32_t size = 0;
  Side side = Side::buy;
};

/// Orders by their number: one flat array with linear probing, kept at most half full. A node per order would
/// cost an allocation for each submission and a cache miss for each look-up, and every message but a hidden
/// trade looks one up.
///
/// Invariant: between an order's home place and the place where it lies, no place is free. So a search ends
/// at the first free place, and `erase` moves later orders up instead of leaving a mark behind.
///
/// Not thread-safe.
class OrderTable {
 public:
  /// Room for `expected_orders` before it first has to grow.
  explicit OrderTable(std::size_t expected_orders) : places_(std::bit_ceil(expected_orders * 2 + 2)) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The order, or null. The pointer is good until the next `insert` or `erase`.
  [[nodiscard]] RestingOrder* find(OrderId id) noexcept {
    for (std::size_t place = home(id); places_[place].id != kNoOrder; place = next(place)) {
      if (places_[place].id == id) return &places_[place];
    }
    return nullptr;
  }

  /// Adds an order that is not there yet, with an id other than `kNoOrder`.
  void insert(const RestingOrder& order) {
    if ((size_ + 1) * 2 > places_.size()) grow();
    put(order);
    ++size_;
  }

  /// Removes an order that `find` has just found.
  void erase(RestingOrder* order) noexcept {
    auto free = static_cast<std::size_t>(order - places_.data());
    for (std::size_t place = next(free); places_[place].id != kNoOrder; place = next(place)) {
      // An order may fill the gap only if its home does not lie behind it.
      const std::size_t from_home = (place - home(places_[place].id)) & mask();
      const std::size_t from_gap = (place - free) & mask();
      if (from_home < from_gap) continue;
      places_[free] = places_[place];
      free = place;
    }
    places_[free].id = kNoOrder;
    --size_;
  }

  void clear() noexcept {
    if (size_ == 0) return;
    for (RestingOrder& place : places_) place.id = kNoOrder;
    size_ = 0;
  }

 private:
  [[nodiscard]] std::size_t mask() const noexcept { return places_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t place) const noexcept { return (place + 1) & mask(); }

  /// Exchanges hand out numbers in runs; multiplying by 2^64 / golden ratio spreads them (Knuth, volume
  /// 3, 6.4).
  [[nodiscard]] std::size_t home(OrderId id) const noexcept {
    const std::uint64_t mixed = static_cast<std::uint64_t>(id) * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>(mixed >> 32) & mask();
  }

  void put(const RestingOrder& order) noexcept {
    std::size_t place = home(order.id);
    while (places_[place].id != kNoOrder) place = next(place);
    places_[place] = order;
  }

  void grow() {
    std::vector<RestingOrder> before = std::exchange(places_, std::vector<RestingOrder>(places_.size() * 2));
    for (const RestingOrder& order : before) {
      if (order.id != kNoOrder) put(order);
    }
  }

  std::vector<RestingOrder> places_;
  std::size_t size_ = 0;
};

}  // namespace trading

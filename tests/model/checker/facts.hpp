#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

/// What earlier schedules of one exploration found out about who touches what.
///
/// **Why.** An operation on a location that one thread alone touches, or that nobody stores to, can't be told
/// apart from the same operation a little earlier or later. So no other thread needs to be scheduled in
/// before it, nor a history be kept. Which locations these are is not declared but found: all are taken for
/// private until a schedule shows otherwise. Then that schedule counts for nothing and the exploration starts
/// over with the new fact, until one exploration ends without surprises: under those facts every schedule was
/// walked, and none of them refuted a fact.
///
/// Locations are known by their number, the order in which the scenario constructs them.
class Facts {
 public:
  static constexpr std::uint8_t kPrivate = 0xff;
  enum class Access : std::uint8_t { read, write, plain_read, plain_write };
  enum class Fence : std::uint8_t { full, light, heavy };

  /// To be called with every location's number before threads run.
  void know(std::size_t locations) {
    if (locations > places_.size()) places_.resize(locations);
  }

  /// Where a contended location stands in a view, or kPrivate.
  [[nodiscard]] std::uint8_t slot(std::size_t location) const noexcept { return places_[location].slot; }

  /// False: this refutes what was assumed. Once a location is contended nothing more is to be learned of it.
  [[nodiscard]] bool note(std::size_t location, int thread, Access access) {
    Place& place = places_[location];
    if (place.slot != kPrivate) return true;
    place.threads = static_cast<std::uint8_t>(place.threads | (1u << thread));
    place.is_stored = place.is_stored || access == Access::write || access == Access::plain_write;
    place.is_atomic = place.is_atomic || access == Access::read || access == Access::write;
    if (!place.is_stored || !place.is_atomic || std::popcount(place.threads) < 2) return true;
    place.slot = next_slot_++;
    return false;
  }

  /// The same for fences: one of a kind that no other thread answers needs no scheduling point.
  [[nodiscard]] bool note(Fence fence, int thread) {
    std::uint8_t& threads = fences_[static_cast<std::size_t>(fence)];
    const auto with_us = static_cast<std::uint8_t>(threads | (1u << thread));
    if (with_us == threads) return true;
    threads = with_us;
    return std::popcount(static_cast<std::uint8_t>(fences_[0] | fences_[1] | fences_[2])) < 2;
  }
  [[nodiscard]] bool is_answered(Fence fence, int thread) const noexcept {
    const unsigned full = fences_[0];
    const unsigned light = fences_[1];
    const unsigned heavy = fences_[2];
    unsigned answering = heavy;
    if (fence != Fence::light) answering |= full;
    if (fence == Fence::heavy) answering |= light;
    return (answering & ~(1u << thread)) != 0;
  }

  [[nodiscard]] std::size_t contended() const noexcept { return next_slot_; }
  [[nodiscard]] std::size_t locations() const noexcept { return places_.size(); }

  /// A schedule can only be replayed under the facts that it was found under.
  [[nodiscard]] std::string to_string() const;
  static Facts parse(std::string_view text);

 private:
  struct Place {
    std::uint8_t threads = 0;
    bool is_stored = false;
    bool is_atomic = false;
    std::uint8_t slot = kPrivate;
  };

  std::vector<Place> places_;
  std::uint8_t next_slot_ = 0;
  std::uint8_t fences_[3] = {0, 0, 0};
};

}  // namespace sluice::model

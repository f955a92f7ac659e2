#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/bus/bus.hpp"

#include "events.hpp"

namespace trading {

/// Which kind of event a topic carries, by the topic's id: one load per event instead of a comparison of
/// names. Made once; then any thread may ask.
class KindTable {
 public:
  /// Throws `sluice::BadResult` when the bus refuses a topic.
  KindTable(sluice::Bus& bus, std::string_view symbol) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      const std::uint32_t id = bus.topic(topic_of(symbol, static_cast<Kind>(kind))).value()->id();
      if (id >= kinds_.size()) kinds_.resize(id + std::size_t{1});
      kinds_[id] = static_cast<Kind>(kind);
    }
  }

  /// Nothing for a topic that is not this stock's.
  [[nodiscard]] std::optional<Kind> of(const sluice::EventView& event) const noexcept {
    const std::uint32_t id = event.topic_id();
    return id < kinds_.size() ? kinds_[id] : std::nullopt;
  }

 private:
  std::vector<std::optional<Kind>> kinds_;
};

}  // namespace trading

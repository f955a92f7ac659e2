#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "sluice/bus/bus.hpp"

namespace sluice::bench {

/// The payload that everything here is measured with, unless its name says otherwise.
struct Payload64 {
  std::array<std::uint64_t, 8> words{};
};

/// Nobody but the topic's own publisher may publish to it with `Producers::single`.
[[nodiscard]] inline Bus open_bus(Producers producers, Timestamps timestamps = Timestamps::caller) {
  BusOptions options;
  options.timestamps = timestamps;
  if (producers == Producers::single) {
    options.shards = 0;
    options.pinned.push_back({.pattern = ">", .producers = Producers::single, .capacity_bytes = {}});
  }
  return Bus::open(std::move(options)).value();
}

[[nodiscard]] inline SubscribeOptions to_topic(std::string topic, Overload overload = Overload::block,
                                               std::string group = {}) {
  SubscribeOptions options;
  options.topic = std::move(topic);
  options.overload = overload;
  options.group = std::move(group);
  return options;
}

/// A benchmark whose publish fails measures nothing.
inline void require(const PublishResult& result) {
  if (!result) [[unlikely]]
    throw std::runtime_error("a publish failed: " + std::string(to_string(result.status)));
}

}  // namespace sluice::bench

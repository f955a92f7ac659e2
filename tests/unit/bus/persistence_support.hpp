#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bus/persistence.hpp"

namespace sluice::test {

/// A persistence in which every call can be told to fail, and whose taps are read when the test says so.
class ScriptedPersistence final : public Persistence {
 public:
  Result<StartState> start(const StartRequest& given) override {
    request = given;
    calls.push_back("start");
    if (refuse_start) return *refuse_start;
    return state;
  }
  Result<std::span<std::byte>> ring_memory(std::uint32_t shard, std::size_t bytes) override {
    calls.push_back("ring_memory " + std::to_string(shard));
    if (refuse_memory) return *refuse_memory;
    if (!own_memory) return std::span<std::byte>();
    constexpr std::size_t kPage = 4096;
    memory.push_back(std::make_unique<std::byte[]>(bytes + kPage));
    const auto address = reinterpret_cast<std::uintptr_t>(memory.back().get());
    return std::span(memory.back().get() + (kPage - address % kPage), bytes);
  }
  Result<void> define_topic(const TopicDefinition& topic) override {
    calls.push_back("define " + topic.name);
    if (refuse_topic) return *refuse_topic;
    defined.push_back(topic);
    return {};
  }
  void run(Taps given) override {
    calls.push_back("run");
    taps.emplace(std::move(given));
  }
  void stop(std::chrono::nanoseconds) noexcept override {
    ++stops;
    taps.reset();
  }
  Result<std::uint64_t> read(std::uint32_t, std::uint64_t from,
                             const std::function<bool(const EventView&)>&) override {
    return from;
  }
  std::uint64_t journaled_position(std::uint32_t) const noexcept override { return 0; }
  std::uint64_t durable_position(std::uint32_t) const noexcept override { return 0; }
  Result<std::optional<std::uint64_t>> load_cursor(std::string_view, std::uint32_t) override {
    return std::optional<std::uint64_t>();
  }
  Result<void> store_cursor(std::string_view, std::uint32_t, std::uint64_t, CursorRetention) override {
    return {};
  }
  Result<void> remove_cursor(std::string_view, std::uint32_t) override { return {}; }

  // What it answers.
  StartState state{42, {}, {}};
  std::optional<Error> refuse_start;
  std::optional<Error> refuse_memory;
  std::optional<Error> refuse_topic;
  bool own_memory = false;

  // What it was asked.
  StartRequest request;
  std::vector<std::string> calls;
  std::vector<TopicDefinition> defined;
  std::vector<std::unique_ptr<std::byte[]>> memory;
  std::optional<Taps> taps;
  int stops = 0;
};

}  // namespace sluice::test

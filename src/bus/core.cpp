#include "bus/core.hpp"

#include "bus/options.hpp"
#include "bus/runner_core.hpp"

namespace sluice::detail {

Result<std::shared_ptr<Core>> Core::open(BusOptions options) {
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  (void)platform::register_asymmetric_fence();  // metrics say when it was refused
  auto core = std::make_shared<Core>(std::move(options));
  if (auto started = core->start(); !started) {
    if (core->persistence_started_) core->options_.persistence->stop(std::chrono::nanoseconds(0));
    return std::move(started).error();
  }
  core->fork_hook_.emplace([](void* opened) noexcept { static_cast<Core*>(opened)->close_in_child(); },
                           core.get());
  return core;
}

Core::Core(BusOptions options)
    : options_(std::move(options)),
      waiters_(std::make_unique<Waiter[]>(options_.max_subscriptions)),
      slot_groups_(std::make_unique<log::Atomic<const Group*>[]>(options_.max_subscriptions)),
      keeper_(*this),
      slots_(options_.max_subscriptions),
      cursors_taken_(options_.max_subscriptions) {}

Core::~Core() {
  keeper_.stop();
}

Result<void> Core::start() {
  std::vector<Pin> pins;
  StartRequest request{.clock = options_.clock};
  request.shards.assign(options_.shards, {.capacity_bytes = options_.capacity_bytes});
  for (const PinnedShard& pinned : options_.pinned) {
    pins.push_back(
        {Pattern::parse(pinned.pattern).value(), static_cast<std::uint32_t>(request.shards.size())});
    request.shards.push_back({.capacity_bytes = pinned.capacity_bytes.value_or(options_.capacity_bytes),
                              .producers = pinned.producers});
  }

  StartState state;
  state.epoch = platform::random_bits64();
  if (options_.persistence != nullptr) {
    auto started = options_.persistence->start(request);
    if (!started) return std::move(started).error();
    state = *std::move(started);
    persistence_started_ = true;
  }
  topics_ = std::make_unique<TopicTable>(
      TopicTableOptions{.max_topics = options_.max_topics, .max_filters = options_.max_subscriptions},
      ShardMap(options_.shards, std::move(pins)), [this](const Topic& topic) { return define(topic); });
  for (std::uint32_t i = 0; i < request.shards.size(); ++i) {
    const std::uint64_t position = i < state.positions.size() ? state.positions[i] : 0;
    if (auto made = make_shard(i, state.epoch, position); !made) return made;
  }
  for (const TopicDefinition& topic : state.topics) {
    if (topic.shard >= shards_.size()) {
      return Error{ErrorCode::invalid_option, "topic \"" + topic.name + "\" was kept on shard " +
                                                  std::to_string(topic.shard) + ", but this bus has only " +
                                                  std::to_string(shards_.size()) +
                                                  ": open it with as many shards and pins as before"};
    }
    if (auto restored = topics_->restore(topic.name, topic.id, topic.shard); !restored) {
      return std::move(restored).error();
    }
  }
  if (options_.persistence != nullptr) options_.persistence->run(Taps(shared_from_this()));
  return {};
}

Result<void> Core::make_shard(std::uint32_t index, std::uint64_t epoch, std::uint64_t position) {
  const bool pinned = index >= options_.shards;
  const PinnedShard pin = pinned ? options_.pinned[index - options_.shards] : PinnedShard{};
  const std::size_t capacity_bytes = pin.capacity_bytes.value_or(options_.capacity_bytes);
  const std::size_t bytes = kRingHeaderBytes + capacity_bytes;
  std::span<std::byte> memory;
  if (options_.persistence != nullptr) {
    auto given = options_.persistence->ring_memory(index, bytes);
    if (!given) return std::move(given).error();
    memory = *given;
    if (!memory.empty()) given_memory_.push_back(memory);
  }
  if (memory.empty()) {
    auto allocated = platform::MappedMemory::allocate(bytes);
    if (!allocated) return std::move(allocated).error();
    memory = {allocated->data(), allocated->size()};
    memory_.push_back(*std::move(allocated));
  }
  shards_.push_back(std::make_unique<Shard>(memory, waiters_.get(), ShardContext{epoch, index, topics_.get()},
                                            ShardOptions{.capacity_bytes = capacity_bytes,
                                                         .producers = pin.producers,
                                                         .start_position = position,
                                                         .slots = options_.max_subscriptions}));
  return {};
}

Result<void> Core::define(const Topic& topic) {
  if (options_.persistence == nullptr) return {};
  return options_.persistence->define_topic({std::string(topic.name()), topic.id(), topic.shard()});
}

}  // namespace sluice::detail

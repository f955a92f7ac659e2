#include "bus/options.hpp"

#include <bit>

#include "sluice/topic/pattern.hpp"

namespace sluice {

std::string_view to_string(Overload policy) noexcept {
  switch (policy) {
    case Overload::block:
      return "block";
    case Overload::drop_oldest:
      return "drop_oldest";
    case Overload::evict:
      return "evict";
  }
  return "unknown";
}

namespace detail {

namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kMinCapacityBytes = 4096;
constexpr std::size_t kMaxCapacityBytes = std::size_t{1} << 30;
constexpr std::uint32_t kMaxShards = 64;
constexpr std::uint32_t kMaxSubscriptions = 1024;
constexpr std::uint32_t kMaxTopics = 1U << 24;
constexpr std::uint32_t kMaxLooks = 1'000'000;
constexpr nanoseconds kMaxDeadline = std::chrono::hours(1);
constexpr nanoseconds kMinEvictAfter = std::chrono::milliseconds(1);

Error invalid(std::string what) {
  return {ErrorCode::invalid_option, std::move(what)};
}

Result<void> in_range(std::string_view field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return {};
  return invalid(std::string(field) + " is " + std::to_string(value) + ": give it a value from " +
                 std::to_string(least) + " to " + std::to_string(most));
}

Result<void> in_range(std::string_view field, nanoseconds value, nanoseconds least, nanoseconds most) {
  if (value >= least && value <= most) return {};
  return invalid(std::string(field) + " is " + std::to_string(value.count()) + " ns: give it from " +
                 std::to_string(least.count()) + " to " + std::to_string(most.count()) + " ns");
}

Result<void> check_capacity(std::string_view field, std::size_t bytes) {
  if (auto range = in_range(field, bytes, kMinCapacityBytes, kMaxCapacityBytes); !range) return range;
  if (std::has_single_bit(bytes)) return {};
  const std::size_t above = std::bit_ceil(bytes);
  return invalid(std::string(field) + " is " + std::to_string(bytes) +
                 ", which is not a power of two: the nearest are " + std::to_string(above / 2) + " and " +
                 std::to_string(above));
}

template <class Enum>
Result<void> check_enum(std::string_view field, Enum value, Enum last) {
  if (value <= last) return {};
  return invalid(std::string(field) + " has the value " + std::to_string(static_cast<unsigned>(value)) +
                 ", which is none of its enumerators");
}

Result<void> check_wait(const WaitStrategy& wait) {
  if (auto spins = in_range("wait.spins", wait.spins, 0, kMaxLooks); !spins) return spins;
  return in_range("wait.yields", wait.yields, 0, kMaxLooks);
}

/// The first that failed, or success.
template <class... Checks>
Result<void> all_of(Checks&&... checks) {
  Result<void> result;
  (void)((result = checks(), result.has_value()) && ...);
  return result;
}

Result<void> check_pin(std::size_t index, const PinnedShard& pin) {
  const std::string field = "pinned[" + std::to_string(index) + "]";
  if (auto pattern = Pattern::parse(pin.pattern); !pattern) {
    return Error{pattern.error().code, field + ".pattern: " + pattern.error().message};
  }
  if (auto producers = check_enum(field + ".producers", pin.producers, Producers::single); !producers)
    return producers;
  return pin.capacity_bytes ? check_capacity(field + ".capacity_bytes", *pin.capacity_bytes) : Result<void>{};
}

Result<void> check_shards(const BusOptions& options) {
  if (auto shards = in_range("shards", options.shards, 0, kMaxShards); !shards) return shards;
  if (auto pins = in_range("pinned.size()", options.pinned.size(), 0, kMaxShards); !pins) return pins;
  for (std::size_t i = 0; i < options.pinned.size(); ++i) {
    if (auto pin = check_pin(i, options.pinned[i]); !pin) return pin;
  }
  if (options.shards > 0) return {};
  for (const PinnedShard& pin : options.pinned) {
    if (pin.pattern == ">") return {};
  }
  return invalid(
      "shards is 0, so topics that no pin takes would have no shard: give at least 1, or pin \">\"");
}

}  // namespace

Result<void> validate(const BusOptions& options) {
  return all_of(
      [&] { return check_capacity("capacity_bytes", options.capacity_bytes); },
      [&] { return check_shards(options); },
      [&] { return check_enum("timestamps", options.timestamps, Timestamps::caller); },
      [&] { return in_range("publish_deadline", options.publish_deadline, nanoseconds(0), kMaxDeadline); },
      [&] { return in_range("max_subscriptions", options.max_subscriptions, 64, kMaxSubscriptions); },
      [&]() -> Result<void> {
        if (options.max_subscriptions % 64 == 0) return {};
        return invalid("max_subscriptions is " + std::to_string(options.max_subscriptions) +
                       ": give it a multiple of 64");
      },
      [&] { return in_range("max_topics", options.max_topics, 1, kMaxTopics); },
      [&]() -> Result<void> {
        if (!options.name.empty() && options.name.size() <= 11) return {};
        return invalid("name is \"" + options.name + "\" (" + std::to_string(options.name.size()) +
                       " bytes): give it 1 to 11 bytes, since threads are named after it");
      });
}

Result<void> validate(const SubscribeOptions& options) {
  return all_of([&] { return check_enum("overload", options.overload, Overload::evict); },
                [&]() -> Result<void> {
                  if (options.overload != Overload::evict) return {};
                  return in_range("evict_after", options.evict_after, kMinEvictAfter, kMaxDeadline);
                },
                [&] { return check_wait(options.wait); });
}

Result<void> validate(const PublisherOptions& options) {
  return all_of(
      [&]() -> Result<void> {
        return options.timestamps ? check_enum("timestamps", *options.timestamps, Timestamps::caller)
                                  : Result<void>{};
      },
      [&]() -> Result<void> {
        return options.deadline ? in_range("deadline", *options.deadline, nanoseconds(0), kMaxDeadline)
                                : Result<void>{};
      });
}

Result<void> validate(const RunOptions& options) {
  return all_of([&] { return in_range("batch", options.batch, 1, 65'536); },
                [&]() -> Result<void> {
                  if (options.name.size() <= 15) return {};
                  return invalid("name is \"" + options.name + "\" (" + std::to_string(options.name.size()) +
                                 " bytes): a thread's name has at most 15");
                },
                [&] { return options.wait ? check_wait(*options.wait) : Result<void>{}; });
}

}  // namespace detail
}  // namespace sluice

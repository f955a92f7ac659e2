#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "sluice/base/platform.hpp"

#include "topology/message.hpp"
#include "topology/placement.hpp"

/// What moves messages in a measurement: the bus, a bare ring, a queue. Measurements know nothing else of
/// them. The calls are virtual and made once for many messages, so they cost everybody alike and next to
/// nothing.
namespace sluice::bench {

/// Who gets what.
enum class Delivery : std::uint8_t {
  everybody,  ///< each consumer sees every message
  one_of,     ///< each message goes to one consumer
};

/// Pauses after a look that found nothing, where throughput counts: some 0.1 us.
inline constexpr std::size_t kUsualPauses = 16;

/// The shape of a measurement.
struct FlowPlan {
  std::size_t producers = 1;
  std::size_t consumers = 1;
  Delivery delivery = Delivery::everybody;
  /// How many threads are in the measurement; 0: one for each producer and consumer.
  std::size_t all_threads = 0;
  std::size_t reader_pauses = kUsualPauses;  ///< of a consumer that found nothing; see `Idle`

  [[nodiscard]] std::size_t threads() const noexcept {
    return all_threads != 0 ? all_threads : producers + consumers;
  }
  [[nodiscard]] bool oversubscribed() const { return is_oversubscribed(threads()); }
  [[nodiscard]] bool single_threaded() const noexcept { return threads() == 1; }
  [[nodiscard]] bool groups() const noexcept { return delivery == Delivery::one_of; }
};

/// A producer's end. Used and destroyed on its thread; shares no cache line with another.
class alignas(platform::kDestructiveBytes) Sender {
 public:
  Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  virtual ~Sender() = default;

  /// Sends messages with the numbers `first`, `first + 1`, ...; waits where there is no room.
  virtual void send(std::uint64_t first, std::uint64_t count) = 0;
};

/// A consumer's end; see `Sender`.
class alignas(platform::kDestructiveBytes) Receiver {
 public:
  /// The most that one look takes, so that whoever waits for room gets it soon.
  static constexpr std::size_t kMost = 256;

  Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  virtual ~Receiver() = default;

  /// Takes some of what is there and returns how many messages that was; 0: there was nothing.
  virtual std::size_t receive(Tally& tally) = 0;
};

/// One measurement's connection. `sender` and `receiver` are called by the threads that use them.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  [[nodiscard]] virtual std::unique_ptr<Sender> sender(std::size_t producer) = 0;
  [[nodiscard]] virtual std::unique_ptr<Receiver> receiver(std::size_t consumer) = 0;
};

/// Room in a queue or ring, in messages, wherever the transport lets us choose.
inline constexpr std::size_t kBacklog = 8'192;
/// Messages per call of those that send in batches.
inline constexpr std::size_t kBatch = 32;

/// Counts in registers and writes the sums once: `look(mine)` takes messages into `mine`.
template <class Look>
std::size_t count_into(Tally& tally, Look look) {
  Tally mine;
  look(mine);
  tally.append(mine);
  return static_cast<std::size_t>(mine.count);
}

/// Room for a batch, made only as far as it is needed: often that is one message.
template <class M>
union Scratch {
  static_assert(std::is_trivially_destructible_v<M>);

  explicit Scratch(std::size_t needed) noexcept {
    for (std::size_t i = 0; i < needed; ++i) std::construct_at(&messages[i]);
  }
  std::array<M, kBatch> messages;
};

/// Numbers messages from `first` and hands them to `put(messages, count)` in batches of `kBatch`.
template <class M, class Put>
void send_in_batches(std::uint64_t first, std::uint64_t count, Put put) {
  const auto at_most = [](std::uint64_t left) {
    return left < kBatch ? static_cast<std::size_t>(left) : kBatch;
  };
  Scratch<M> scratch(at_most(count));
  M* const messages = scratch.messages.data();
  while (count != 0) {
    const std::size_t now = at_most(count);
    for (std::size_t i = 0; i < now; ++i) messages[i].number(first + i);
    put(messages, now);
    first += now;
    count -= now;
  }
}

/// Numbers messages from `first` and hands them to `put(message)` one at a time. They are written some time
/// before, as a program's usually are: a copy that begins while the last word is still on its way to the
/// cache stalls, and that would be measured instead.
template <class M, class Put>
void send_one_by_one(std::uint64_t first, std::uint64_t count, Put put) {
  send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
    for (std::size_t i = 0; i < now; ++i) put(messages[i]);
  });
}

}  // namespace sluice::bench

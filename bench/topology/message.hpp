#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace sluice::bench {

/// What travels: `Bytes` in all. Its sequence number comes first and is repeated, inverted, at the very end,
/// so that a receiver touches both ends of the payload and notices one that is torn or stale.
template <std::size_t Bytes>
struct Message {
  static_assert(Bytes >= 24 && Bytes % 8 == 0);

  std::uint64_t sequence = 0;
  std::array<std::uint64_t, Bytes / 8 - 2> body{};
  std::uint64_t inverted = ~std::uint64_t{0};

  void number(std::uint64_t value) noexcept {
    sequence = value;
    inverted = ~value;
  }
  [[nodiscard]] std::uint64_t damage() const noexcept { return sequence ^ ~inverted; }
};

template <>
struct Message<8> {
  std::uint64_t sequence = 0;

  void number(std::uint64_t value) noexcept { sequence = value; }
  [[nodiscard]] std::uint64_t damage() const noexcept { return 0; }
};

/// Sequence numbers carry their producer, so that those of several never meet.
inline constexpr unsigned kProducerShift = 48;

[[nodiscard]] constexpr std::uint64_t first_sequence(std::size_t producer) noexcept {
  return std::uint64_t{producer} << kProducerShift;
}

/// What one receiver got, in a few sums that stay in registers. Lives in its thread's own frame. Two sums
/// (of the numbers and of their squares) tell a lost and a repeated message apart from none of both.
struct Tally {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  std::uint64_t damage = 0;
  std::uint64_t steps_back = 0;  ///< numbers not above the one before; means nothing with several producers
  std::uint64_t last = ~std::uint64_t{0};

  void add(std::uint64_t sequence, std::uint64_t torn) noexcept {
    ++count;
    sum += sequence;
    squares += sequence * sequence;
    damage |= torn;
    steps_back += static_cast<std::uint64_t>(sequence <= last && last != ~std::uint64_t{0});
    last = sequence;
  }
  template <class M>
  void add(const M& message) noexcept {
    add(message.sequence, message.damage());
  }

  void merge(const Tally& other) noexcept {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    damage |= other.damage;
    steps_back += other.steps_back;
  }
};

/// What `producers` that sent `each` messages have sent in all.
[[nodiscard]] inline Tally sent_by(std::size_t producers, std::uint64_t each) noexcept {
  Tally sent;
  for (std::size_t producer = 0; producer < producers; ++producer) {
    for (std::uint64_t i = 0; i < each; ++i) sent.add(first_sequence(producer) + i, 0);
  }
  sent.steps_back = 0;
  return sent;
}

/// A measurement that lost, repeated or damaged something is worth nothing: this ends the run.
class WrongAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require_same(const Tally& received, const Tally& sent, const std::string& who) {
  const auto fail = [&](const std::string& what) { throw WrongAnswer(who + ": " + what); };
  if (received.count != sent.count) {
    fail("received " + std::to_string(received.count) + " messages instead of " + std::to_string(sent.count));
  }
  if (received.sum != sent.sum || received.squares != sent.squares) {
    fail("the checksum of what was received is wrong");
  }
  if (received.damage != 0) fail("a message was torn or stale");
}

}  // namespace sluice::bench

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace sluice::bench {

/// What travels: `Bytes` in all. Its sequence number comes first and is repeated, inverted, at the very end,
/// so that a receiver notices a message that is torn or stale.
template <std::size_t Bytes>
struct Message {
  static_assert(Bytes >= 24 && Bytes % 8 == 0);

  std::uint64_t sequence = 0;
  std::array<std::uint64_t, Bytes / 8 - 2> body{};  ///< stays 0
  std::uint64_t inverted = ~std::uint64_t{0};

  void number(std::uint64_t value) noexcept {
    sequence = value;
    inverted = ~value;
  }
  /// 0 for a whole message. Looks into each 64 bytes of it: a transport whose readers look in place must not
  /// get away with moving less than one that copies.
  [[nodiscard]] std::uint64_t damage() const noexcept {
    std::uint64_t found = sequence ^ ~inverted;
    for (std::size_t word = 8; word < body.size(); word += 8) found |= body[word];
    return found;
  }
};

template <>
struct Message<8> {
  std::uint64_t sequence = 0;

  void number(std::uint64_t value) noexcept { sequence = value; }
  [[nodiscard]] std::uint64_t damage() const noexcept { return 0; }
};

/// The payloads that can be measured.
inline constexpr std::array<std::size_t, 5> kPayloads{8, 40, 64, 256, 1'024};

/// Calls `make.operator()<Bytes>()` with one of `kPayloads`.
template <class Make>
decltype(auto) with_payload(std::size_t bytes, Make make) {
  switch (bytes) {
    case 8:
      return make.template operator()<8>();
    case 40:
      return make.template operator()<40>();
    case 256:
      return make.template operator()<256>();
    case 1'024:
      return make.template operator()<1'024>();
    default:
      return make.template operator()<64>();
  }
}

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
  std::int64_t first = -1;
  std::int64_t last = -1;

  template <class M>
  void add(const M& message) noexcept {
    const auto sequence = static_cast<std::int64_t>(message.sequence);
    if (count == 0) first = sequence;
    ++count;
    sum += message.sequence;
    squares += message.sequence * message.sequence;
    damage |= message.damage();
    steps_back += static_cast<std::uint64_t>(sequence <= last);
    last = sequence;
  }

  /// What the same receiver got afterwards.
  void append(const Tally& later) noexcept {
    if (later.count == 0) return;
    steps_back += static_cast<std::uint64_t>(later.first <= last);
    if (count == 0) first = later.first;
    last = later.last;
    add_sums(later);
  }
  /// What another receiver got.
  void merge(const Tally& other) noexcept { add_sums(other); }

 private:
  void add_sums(const Tally& other) noexcept {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    damage |= other.damage;
    steps_back += other.steps_back;
  }
};

/// What `producers` that sent `each` messages have sent in all.
[[nodiscard]] Tally sent_by(std::size_t producers, std::uint64_t each) noexcept;

/// A measurement that lost, repeated or damaged something is worth nothing: this ends the run.
class WrongAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws `WrongAnswer`, naming `who`, unless everything that was sent has arrived exactly once and whole.
void require_same(const Tally& received, const Tally& sent, const std::string& who);

}  // namespace sluice::bench

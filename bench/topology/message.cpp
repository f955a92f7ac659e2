#include "topology/message.hpp"

namespace sluice::bench {

Tally sent_by(std::size_t producers, std::uint64_t each) noexcept {
  // 0 + 1 + ... and 0 + 1 + 4 + ..., up to each - 1, modulo 2^64 as receivers count.
  std::uint64_t numbers = 0;
  std::uint64_t squares = 0;
  for (std::uint64_t i = 0; i < each; ++i) {
    numbers += i;
    squares += i * i;
  }
  Tally sent;
  for (std::size_t producer = 0; producer < producers; ++producer) {
    const std::uint64_t base = first_sequence(producer);
    sent.count += each;
    sent.sum += each * base + numbers;
    sent.squares += each * base * base + 2 * base * numbers + squares;
  }
  return sent;
}

void require_same(const Tally& received, const Tally& sent, const std::string& who) {
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

// Typed events: a struct goes into the ring as it is, and comes out without a copy or a parser. A topic has
// one type for ever, and whoever asks for another is told so.
#include <cstdint>
#include <iostream>

#include "sluice/sluice.hpp"

namespace {

// Anything trivially copyable will do, aligned to 8 bytes at most.
struct Trade {
  double price = 0;
  std::uint32_t shares = 0;
};

struct Quote {
  double bid = 0;
  double ask = 0;
};

}  // namespace

int main() {
  auto bus = sluice::Bus::open().value();
  auto all_trades = bus.subscribe({.topic = "md.trades.*"}).value();

  // A publisher looks its topic up once; publishing is then a few writes into the ring.
  auto apple = bus.publisher<Trade>("md.trades.AAPL").value();
  auto google = bus.publisher<Trade>("md.trades.GOOG").value();
  apple.publish({.price = 585.33, .shares = 18});
  google.publish({.price = 571.10, .shares = 100});
  apple.publish({.price = 585.40, .shares = 200});

  std::uint32_t shares = 0;
  all_trades.poll([&](const sluice::EventView& event) {
    const auto& trade = event.as<Trade>();  // where it lies in the ring, its type checked
    shares += trade.shares;
    std::cout << event.topic() << ": " << trade.shares << " at " << trade.price << '\n';
  });
  std::cout << shares << " shares in all\n";

  // The hot path answers with a small status; setup calls answer with a reason that a person can use.
  const auto refused = bus.publisher<Quote>("md.trades.AAPL");
  if (refused) return 1;
  std::cout << "refused: " << refused.error() << '\n';

  const bool right_reason = refused.error().code == sluice::ErrorCode::type_mismatch;
  return shares == 318 && right_reason ? 0 : 1;
}

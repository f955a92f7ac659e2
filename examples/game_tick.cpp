// A game server's loop: sixty ticks a second, each with a budget of events, so that a burst from the network
// costs some ticks' delay in handling it and never a late tick.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

#include "sluice/sluice.hpp"

namespace {

constexpr int kTicks = 30;
constexpr std::size_t kEventsPerTick = 64;
constexpr std::chrono::nanoseconds kTick = std::chrono::nanoseconds(std::chrono::seconds(1)) / 60;

struct Move {
  std::uint32_t player = 0;
  std::int32_t steps = 0;
};

/// Players who send a few moves now and then, and once all at the same time.
void play(sluice::TypedPublisher<Move>& moves) {
  for (int round = 0; round < 20; ++round) {
    const std::uint32_t players = round == 8 ? 200 : 10;
    for (std::uint32_t player = 0; player < players; ++player) moves.publish({player, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
}

}  // namespace

int main() {
  auto bus = sluice::Bus::open().value();
  auto dispatcher = bus.dispatcher().value();

  // Many handlers, one pass over the events. They all run on this thread, inside `poll`, so the world needs
  // no lock; they may publish, too.
  std::int64_t steps = 0;
  std::uint64_t footprints = 0;
  auto walk =
      dispatcher
          .add("input.move",
               [&](const sluice::EventView& event) {
                 steps += event.as<Move>().steps;
                 bus.publish("world.footprint", "", {.deadline = std::chrono::nanoseconds(0)}).value();
               })
          .value();
  auto draw = dispatcher.add("world.>", [&](const sluice::EventView&) { ++footprints; }).value();

  auto moves = bus.publisher<Move>("input.move").value();
  std::jthread network([&moves] { play(moves); });

  bool within_budget = true;
  auto next_tick = std::chrono::steady_clock::now();
  for (int tick = 0; tick < kTicks; ++tick) {
    const std::size_t events = dispatcher.poll(kEventsPerTick).events;
    within_budget = within_budget && events <= kEventsPerTick;
    std::cout << "tick " << (tick < 10 ? " " : "") << tick << ' ' << std::string(events, '.') << '\n';
    // Here the server would simulate and send.
    next_tick += kTick;
    std::this_thread::sleep_until(next_tick);
  }
  network.join();
  while (dispatcher.poll(kEventsPerTick).events > 0) {
  }
  std::cout << steps << " steps, " << footprints << " footprints\n";
  const auto published = static_cast<std::int64_t>(moves.published());
  return within_budget && steps == published && footprints == moves.published() ? 0 : 1;
}

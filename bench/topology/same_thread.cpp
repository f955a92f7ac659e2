// One thread that publishes a thousand events and then polls them, as in a game's tick: what an event costs
// when no core has to wait for another.
#include <memory>
#include <string>

#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::uint64_t kEventsPerTick = 1'000;

Reading measure(const Peer& peer, const FlowPlan& plan, std::size_t payload_bytes, const std::string& who,
                std::uint64_t ticks) {
  const std::unique_ptr<Transport> transport = peer.make(plan, payload_bytes);
  Tally tally;
  std::int64_t busy_ns = 0;
  Team team;
  team.add([&](StartLine& start) {
    const auto sender = transport->sender(0);
    const auto receiver = transport->receiver(0);
    Tally mine;
    start.wait();
    const std::int64_t began_ns = monotonic_ns();
    for (std::uint64_t tick = 0; tick < ticks; ++tick) {
      sender->send(tick * kEventsPerTick, kEventsPerTick);
      while (mine.count < (tick + 1) * kEventsPerTick) (void)receiver->receive(mine);
    }
    busy_ns = monotonic_ns() - began_ns;
    tally = mine;
  });
  team.run();
  const std::uint64_t events = ticks * kEventsPerTick;
  require_same(tally, sent_by(1, events), who);
  if (tally.steps_back != 0) throw WrongAnswer(who + ": messages came out of order");
  const auto took_ns = static_cast<double>(busy_ns);
  return {.figures = {took_ns / static_cast<double>(events)}, .busy_ns = took_ns, .starved = team.starved()};
}

std::vector<Case> cases(const Options& options) {
  const FlowPlan plan{.all_threads = 1};
  std::vector<Case> all;
  for (const std::size_t payload_bytes : options.payloads_of("same_thread")) {
    for (const Peer& peer : all_peers()) {
      if (!peer.fits(plan)) continue;
      all.push_back(
          {.topology = "same_thread",
           .peer = peer.name,
           .payload_bytes = payload_bytes,
           .batch = peer.batch,
           .threads = 1,
           .metrics = {"ns"},
           .first_amount = std::max<std::uint64_t>(1, peer.first_amount / kEventsPerTick),
           .measure = [&peer, plan, payload_bytes, who = "same_thread, " + peer.name](std::uint64_t ticks) {
             return measure(peer, plan, payload_bytes, who, ticks);
           }});
    }
  }
  return all;
}

}  // namespace

Topology same_thread() {
  return {"same_thread", cases};
}

}  // namespace sluice::bench

// Two threads that answer each other, one message in flight, an exchange due at a fixed rate: one way is half
// the round trip, measured by one clock on one thread.
//
// Corrected for coordinated omission: an exchange that could not begin when it was due, because the one
// before it was not back, counts from when it was due. `sent_...` is the same without that, from when it was
// sent.
#include <memory>
#include <string>
#include <utility>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"

#include "topology/flow.hpp"
#include "topology/percentiles.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

/// Two connections of one producer and one consumer each, there and back.
struct Table {
  explicit Table(const Peer& peer, std::size_t payload_bytes)
      : there(peer.make(FlowPlan{}, payload_bytes)), back(peer.make(FlowPlan{}, payload_bytes)) {}

  std::unique_ptr<Transport> there;
  std::unique_ptr<Transport> back;
};

/// What the serving thread measured; its own until it has ended.
struct Match {
  Histogram due_ns;   ///< one way, from when it was due
  Histogram sent_ns;  ///< one way, from when it was sent
  Tally answers;
};

/// Waits for one message; false when the other player has failed.
bool receive_one(Receiver& receiver, Tally& tally, const Team& team, const Idle& idle) {
  while (receiver.receive(tally) == 0) {
    if (team.failed()) return false;
    idle();
  }
  return true;
}

void serve(Table& table, std::int64_t every_ns, std::uint64_t exchanges, const Team& team, StartLine& start,
           Match& match) {
  const auto ping = table.there->sender(0);
  const auto pong = table.back->receiver(0);
  const Idle idle(is_oversubscribed(2), Idle::kPausesForLatency);
  Tally tally;
  start.wait();
  std::int64_t due_ns = monotonic_ns();
  for (std::uint64_t i = 0; i < exchanges; ++i, due_ns += every_ns) {
    const std::int64_t free_ns = monotonic_ns();
    std::int64_t sent_ns = free_ns;
    while (sent_ns < due_ns) sent_ns = monotonic_ns();
    ping->send(i, 1);
    if (!receive_one(*pong, tally, team, idle)) return;
    const std::int64_t one_way_ns = (monotonic_ns() - sent_ns) / 2;
    // Late because we were not free, not because the clock is coarse.
    const std::int64_t late_ns = std::max<std::int64_t>(0, free_ns - due_ns);
    match.due_ns.record(static_cast<std::uint64_t>(late_ns + one_way_ns));
    match.sent_ns.record(static_cast<std::uint64_t>(one_way_ns));
  }
  match.answers = tally;
}

void reply(Table& table, std::uint64_t exchanges, const Team& team, StartLine& start) {
  const auto ping = table.there->receiver(0);
  const auto pong = table.back->sender(0);
  const Idle idle(is_oversubscribed(2), Idle::kPausesForLatency);
  Tally tally;
  start.wait();
  for (std::uint64_t i = 0; i < exchanges; ++i) {
    if (!receive_one(*ping, tally, team, idle)) return;
    pong->send(static_cast<std::uint64_t>(tally.last), 1);
  }
}

Reading measure(const Peer& peer, std::size_t payload_bytes, const std::string& who,
                std::uint64_t exchanges) {
  Table table(peer, payload_bytes);
  Match match;
  Team team;
  team.add([&](StartLine& start) { serve(table, peer.exchange_every_ns, exchanges, team, start, match); });
  team.add([&](StartLine& start) { reply(table, exchanges, team, start); });
  const std::int64_t began_ns = monotonic_ns();
  team.run();
  const std::int64_t ended_ns = monotonic_ns();
  require_same(match.answers, sent_by(1, exchanges), who);
  return {
      .figures = {at_percent(match.due_ns, 50), at_percent(match.due_ns, 90), at_percent(match.due_ns, 99),
                  at_percent(match.due_ns, 99.9), at_percent(match.due_ns, 99.99),
                  at_percent(match.sent_ns, 50), at_percent(match.sent_ns, 99)},
      .busy_ns = static_cast<double>(ended_ns - began_ns),
      .starved = team.starved(),
      .curve = curve_of(match.due_ns)};
}

std::vector<Case> cases(const Options& options) {
  std::vector<Case> all;
  for (const std::size_t payload_bytes : options.payloads_of("ping_pong")) {
    for (const Peer& peer : all_peers()) {
      // There is never more than one message to send, or to take.
      if (peer.batch != 1 || !peer.fits({})) continue;
      all.push_back(
          {.topology = "ping_pong",
           .peer = peer.name,
           .payload_bytes = payload_bytes,
           .threads = 2,
           .every_ns = peer.exchange_every_ns,
           .metrics = {"p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns", "sent_p50_ns", "sent_p99_ns"},
           .first_amount = 10'000'000 / static_cast<std::uint64_t>(peer.exchange_every_ns),
           .measure = [&peer, payload_bytes, who = "ping_pong, " + peer.name](std::uint64_t exchanges) {
             return measure(peer, payload_bytes, who, exchanges);
           }});
    }
  }
  return all;
}

}  // namespace

Topology ping_pong() {
  return {"ping_pong", cases};
}

}  // namespace sluice::bench

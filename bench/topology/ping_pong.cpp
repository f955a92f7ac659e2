// Two threads that answer each other, one message in flight, one exchange per microsecond: half the round
// trip is the latency of one way, measured by one clock on one thread.
#include <memory>
#include <string>
#include <utility>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"

#include "topology/peers.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::int64_t kPace_ns = 1'000;

/// Two flows of one producer and one consumer each, there and back.
template <class Transport>
struct Table {
  Transport there{FlowPlan{}};
  Transport back{FlowPlan{}};
};

/// Waits for one message; false when the other player has failed.
template <class Receiver>
bool receive_one(Receiver& receiver, Tally& tally, const Team& team, const Idle& idle) {
  while (receiver.receive(tally) == 0) {
    if (team.failed()) return false;
    idle();
  }
  return true;
}

template <class Transport>
void serve(Table<Transport>& table, std::uint64_t exchanges, const Team& team, StartLine& start,
           Histogram& round_trips_ns, Tally& answers) {
  auto ping = table.there.sender(0);
  auto pong = table.back.receiver(0);
  const Idle idle(is_oversubscribed(2));
  Tally tally;
  start.wait();
  std::int64_t due_ns = monotonic_ns();
  for (std::uint64_t i = 0; i < exchanges; ++i) {
    while (monotonic_ns() < due_ns) {
    }
    const std::int64_t sent_ns = monotonic_ns();
    ping.send(i, 1);
    if (!receive_one(pong, tally, team, idle)) return;
    const std::int64_t now_ns = monotonic_ns();
    round_trips_ns.record(static_cast<std::uint64_t>(now_ns - sent_ns));
    // A hiccup is one late exchange, not a burst of exchanges that catch up.
    due_ns = std::max(due_ns + kPace_ns, now_ns);
  }
  answers = tally;
}

template <class Transport>
void reply(Table<Transport>& table, std::uint64_t exchanges, const Team& team, StartLine& start) {
  auto ping = table.there.receiver(0);
  auto pong = table.back.sender(0);
  const Idle idle(is_oversubscribed(2));
  Tally tally;
  start.wait();
  for (std::uint64_t i = 0; i < exchanges; ++i) {
    if (!receive_one(ping, tally, team, idle)) return;
    pong.send(tally.last, 1);
  }
}

template <class Transport>
Reading measure(const std::string& who, std::uint64_t exchanges) {
  Table<Transport> table;
  Histogram round_trips_ns;
  Tally answers;
  Team team;
  team.add([&](StartLine& start) { serve(table, exchanges, team, start, round_trips_ns, answers); });
  team.add([&](StartLine& start) { reply(table, exchanges, team, start); });
  const std::int64_t began_ns = monotonic_ns();
  team.run();
  const std::int64_t ended_ns = monotonic_ns();
  require_same(answers, sent_by(1, exchanges), who);
  return {{static_cast<double>(round_trips_ns.percentile(50)) / 2,
           static_cast<double>(round_trips_ns.percentile(99)) / 2},
          static_cast<double>(ended_ns - began_ns)};
}

template <class Transport>
Case player(const std::string& peer, std::size_t payload_bytes) {
  return {.topology = "ping_pong",
          .peer = peer,
          .payload_bytes = payload_bytes,
          .metrics = {"p50_ns", "p99_ns"},
          .first_amount = 10'000,
          .amount = Amount::calibrated,
          .measure = [who = "ping_pong, " + peer](std::uint64_t exchanges) {
            return measure<Transport>(who, exchanges);
          }};
}

}  // namespace

Topology ping_pong() {
  return {
      "ping_pong", [](const Options& options) {
        return for_payload(options, []<std::size_t Bytes>() -> std::vector<Case> {
          using M = Message<Bytes>;
          return {
              player<SluiceTransport<M, BusUse{}>>("sluice", Bytes),
              player<SluiceTransport<M, BusUse{.timestamps = Timestamps::per_event}>>("sluice_tsc", Bytes),
              player<SluiceTransport<M, BusUse{.shards = Shards::shared}>>("sluice_shared_shard", Bytes),
              player<BareRingTransport<M>>("bare_ring", Bytes),
              player<MoodycamelTransport<M, Dequeue::one_at_a_time>>("moodycamel_token", Bytes),
          };
        });
      }};
}

}  // namespace sluice::bench

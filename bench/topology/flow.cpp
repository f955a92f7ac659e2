#include "topology/flow.hpp"

#include <memory>

namespace sluice::bench {

namespace {

constexpr auto kNothingMore = [](const Tally&) {};

void require_delivery(const FlowPlan& plan, const std::vector<Received>& received, std::uint64_t each,
                      const std::string& who) {
  const Tally sent = sent_by(plan.producers, each);
  if (plan.groups()) {
    Tally together;
    for (const Received& one : received) together.merge(one.tally);
    require_same(together, sent, who);
  } else {
    for (const Received& one : received) require_same(one.tally, sent, who);
  }
}

/// For those that promise it, and a single producer: numbers of several have no order.
void require_order(const std::vector<Received>& received, const std::string& who) {
  for (const Received& one : received) {
    if (one.tally.steps_back != 0) throw WrongAnswer(who + ": messages came out of order");
  }
}

Reading rate(std::uint64_t messages, const Times& all, const Team& team) {
  const auto busy_ns = static_cast<double>(all.ended_ns - all.began_ns);
  return {
      .figures = {static_cast<double>(messages) * 1e3 / busy_ns},
      .busy_ns = busy_ns,
      .starved = team.starved(),
  };
}

}  // namespace

Reading run_flow(const Peer& peer, const FlowPlan& plan, std::size_t payload_bytes, const std::string& who,
                 std::uint64_t each) {
  const std::unique_ptr<Transport> transport = peer.make(plan, payload_bytes);
  Progress progress(plan.producers);
  Team team;
  std::vector<Times> began(plan.producers);
  std::vector<Received> received(plan.consumers);

  for (std::size_t i = 0; i < plan.producers; ++i) {
    team.add([&, i](StartLine& start) {
      const SenderDone done(progress);
      const auto sender = transport->sender(i);
      start.wait();
      const std::int64_t began_ns = monotonic_ns();
      sender->send(first_sequence(i), each);
      began[i].began_ns = began_ns;
    });
  }
  for (std::size_t i = 0; i < plan.consumers; ++i) {
    team.add([&, i](StartLine& start) {
      const auto receiver = transport->receiver(i);
      start.wait();
      const Idle idle(plan.oversubscribed(), plan.reader_pauses);
      received[i] = receive_all(*receiver, progress, team, idle, kNothingMore);
    });
  }
  team.run();
  require_delivery(plan, received, each, who);
  if (plan.producers == 1 && (!plan.groups() || peer.keeps_order_in_groups)) require_order(received, who);

  Times all;
  for (const Times& one : began) all.merge(one);
  for (const Received& one : received) all.ended_ns = std::max(all.ended_ns, one.ended_ns);
  return rate(each * plan.producers, all, team);
}

Reading run_pipeline(const Peer& peer, std::size_t stages, std::size_t payload_bytes, const std::string& who,
                     std::uint64_t count) {
  const FlowPlan plan{.all_threads = stages};
  const Idle idle(plan.oversubscribed());
  std::vector<std::unique_ptr<Transport>> between;
  std::vector<std::unique_ptr<Progress>> sent;
  for (std::size_t i = 0; i + 1 < stages; ++i) {
    between.push_back(peer.make(plan, payload_bytes));
    sent.push_back(std::make_unique<Progress>(1));
  }
  Team team;
  Times all;
  Received last;

  team.add([&](StartLine& start) {
    const SenderDone done(*sent.front());
    const auto sender = between.front()->sender(0);
    start.wait();
    const std::int64_t began_ns = monotonic_ns();
    sender->send(0, count);
    all.began_ns = began_ns;
  });
  for (std::size_t stage = 1; stage + 1 < stages; ++stage) {
    team.add([&, stage](StartLine& start) {
      const SenderDone done(*sent[stage]);
      const auto receiver = between[stage - 1]->receiver(0);
      const auto sender = between[stage]->sender(0);
      std::uint64_t handed_on = 0;
      start.wait();
      (void)receive_all(*receiver, *sent[stage - 1], team, idle, [&](const Tally& tally) {
        // They arrive in order, which is checked in the end, so their numbers are known.
        sender->send(handed_on, tally.count - handed_on);
        handed_on = tally.count;
      });
    });
  }
  team.add([&](StartLine& start) {
    const auto receiver = between.back()->receiver(0);
    start.wait();
    last = receive_all(*receiver, *sent.back(), team, idle, kNothingMore);
  });
  team.run();
  require_delivery(plan, {last}, count, who);
  require_order({last}, who);
  all.ended_ns = last.ended_ns;
  return rate(count, all, team);
}

std::vector<Case> flow_cases(const std::string& topology, FlowPlan plan, const Options& options) {
  plan.reader_pauses = options.reader_pauses;
  std::vector<Case> cases;
  for (const std::size_t payload_bytes : options.payloads_of(topology)) {
    for (const Peer& peer : all_peers()) {
      if (!peer.fits(plan)) continue;
      cases.push_back(
          {.topology = topology,
           .peer = peer.name,
           .payload_bytes = payload_bytes,
           .batch = peer.batch,
           .threads = plan.threads(),
           .metrics = {"mps"},
           .first_amount = peer.first_amount / plan.producers,
           .measure = [&peer, plan, payload_bytes, who = topology + ", " + peer.name](std::uint64_t each) {
             return run_flow(peer, plan, payload_bytes, who, each);
           }});
    }
  }
  return cases;
}

}  // namespace sluice::bench

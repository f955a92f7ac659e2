#include "crash/reconcile.hpp"

#include <cstring>
#include <map>
#include <set>

#include "sluice/bus/bus.hpp"

namespace sluice::crash {

namespace {

/// What is known of the events read so far.
class Reader {
 public:
  explicit Reader(Findings& findings) : findings_(&findings) {}

  void take(const EventView& event) {
    EventHead head;
    const auto payload = event.payload();
    if (payload.size() < sizeof head) return void(++findings_->changed);
    std::memcpy(&head, payload.data(), sizeof head);
    bool is_whole = head.check == head.expected_check() && head.producer < kProducers &&
                    payload.size() == sizeof head + head.filler_bytes;
    for (std::uint32_t i = 0; is_whole && i < head.filler_bytes; ++i) {
      is_whole = payload[sizeof head + i] == head.filler(i);
    }
    if (!is_whole) return void(++findings_->changed);
    if (!ids_.insert(event.id()).second) ++findings_->duplicated;
    if (!seen_[head.producer].insert(head.number).second) {
      ++findings_->duplicated;
      return;
    }
    // The events of one producer on one topic keep their order.
    auto& last = last_[std::string(event.topic())];
    if (last != 0 && last >= head.number + 1) ++findings_->changed;
    last = head.number + 1;
  }

  void compare(const Ledger& ledger) {
    for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
      const Ledger::Producer& one = ledger.producers[producer];
      const std::uint64_t begun = one.begun.load(std::memory_order_acquire);
      for (std::uint64_t number = 0; number < begun; ++number) {
        if (one.published[number].load(std::memory_order_acquire) == 0) continue;
        ++findings_->acknowledged;
        if (!seen_[producer].contains(number)) ++findings_->lost;
      }
      for (const std::uint64_t number : seen_[producer]) findings_->changed += number >= begun ? 1 : 0;
    }
  }

 private:
  Findings* findings_;
  std::set<EventId> ids_;
  std::set<std::uint64_t> seen_[kProducers];
  std::map<std::string, std::uint64_t> last_;
};

}  // namespace

Findings reconcile(const Plan& plan, const Ledger& ledger) {
  Findings findings;
  BusOptions options = bus_options(plan);
  const auto kept = journal(plan.journal);
  options.persistence = kept;
  auto bus = Bus::open(std::move(options));
  if (!bus) {
    findings.failures.push_back(bus.error().to_string());
    return findings;
  }
  Reader reader(findings);
  for (const ShardRecovery& shard : kept->recovery().shards) {
    findings.from_rings += shard.from_ring;
    if (shard.tail_unknown) findings.failures.push_back("tail unknown: " + kept->recovery().ring);
    const auto end = kept->read(shard.shard, 0, [&](const EventView& event) {
      reader.take(event);
      return true;
    });
    if (!end) findings.failures.push_back(end.error().to_string());
  }
  reader.compare(ledger);
  return findings;
}

}  // namespace sluice::crash

#include "topology/ratios.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::bench {

namespace {

constexpr std::size_t kPayload = 64;

/// One case of a topology: a peer that uses batches of that size.
struct Who {
  const char* peer;
  std::size_t batch = 1;

  [[nodiscard]] std::string name() const {
    return batch == 1 ? peer : peer + std::string(" x") + std::to_string(batch);
  }
};

/// Throughput of one case over that of another in the same topology.
struct Target {
  const char* topology;
  Who ours;
  Who theirs;
  Bound bound;
  double wanted;
};

constexpr auto kLeast = Bound::at_least;
constexpr Who kOne{"sluice"};
constexpr Who kMany{"sluice", 32};
constexpr Who kToken{"moodycamel_token"};
constexpr Who kTokenBulk{"moodycamel_token_bulk_dequeue"};
constexpr Who kBulk{"moodycamel_bulk", 32};

constexpr std::array kTargets{
    Target{"one_to_one", kOne, kToken, kLeast, 7},
    Target{"one_to_one", kOne, kTokenBulk, kLeast, 1.5},
    Target{"one_to_one", kOne, {"readerwriterqueue"}, kLeast, 1.2},
    Target{"one_to_one", kOne, {"bare_ring"}, kLeast, 0.7},
    Target{"one_to_one", {"sluice_tsc"}, kTokenBulk, kLeast, 0.75},
    Target{"one_to_one", {"sluice_tsc_batch", 32}, kTokenBulk, kLeast, 1.5},
    Target{"one_to_one", kMany, kBulk, kLeast, 3},
    Target{"one_to_one", kMany, {"boost_spsc_push32", 32}, kLeast, 0.7},
    Target{"one_to_one", {"sluice_tsc"}, {"bare_ring_tsc"}, Bound::none, 0},
    Target{"one_to_one", kMany, {"bare_ring", 32}, Bound::none, 0},
    Target{"one_to_one", kMany, {"bare_ring_headed", 32}, Bound::none, 0},
    Target{"fan_out_4", kOne, kTokenBulk, kLeast, 3},
    Target{"fan_out_4", kMany, kBulk, kLeast, 3},
    Target{"fan_out_4", kOne, {"bare_ring"}, Bound::none, 0},
    Target{"fan_out_4", kMany, {"bare_ring_headed", 32}, Bound::none, 0},
    Target{"many_to_one_2", kOne, kToken, kLeast, 2},
    Target{"many_to_one_4", kOne, kToken, kLeast, 2},
    Target{"many_to_one_2", kOne, {"bare_ring"}, Bound::none, 0},
    Target{"many_to_one_4", kOne, {"bare_ring"}, Bound::none, 0},
    Target{"many_to_one_2", kOne, kTokenBulk, Bound::none, 0},
    Target{"many_to_one_4", kOne, kTokenBulk, Bound::none, 0},
    Target{"many_to_one_2", {"sluice_own_shards"}, kOne, kLeast, 2},
    Target{"many_to_one_4", {"sluice_own_shards"}, kOne, kLeast, 2},
    Target{"queue_group_4", kOne, kToken, kLeast, 4},
    Target{"queue_group_4", kOne, kTokenBulk, kLeast, 1.3},
    Target{"queue_group_4", kMany, kBulk, kLeast, 1},
};

/// The outcomes of one regime, by what they measured.
class Finder {
 public:
  Finder(const std::vector<Outcome>& outcomes, Regime regime) : outcomes_(&outcomes), regime_(regime) {}

  [[nodiscard]] const Outcome* find(const std::string& topology, const Who& who) const {
    for (const Outcome& one : *outcomes_) {
      if (one.regime == regime_ && one.topology == topology && one.peer == who.peer &&
          one.batch == who.batch && one.payload_bytes == kPayload) {
        return &one;
      }
    }
    return nullptr;
  }

  void add(std::string name, double value, Bound bound, double wanted) {
    ratios_.push_back({std::move(name), value, bound, wanted, regime_});
  }

  void add_throughputs() {
    for (const Target& target : kTargets) {
      const Outcome* ours = find(target.topology, target.ours);
      const Outcome* theirs = find(target.topology, target.theirs);
      if (ours == nullptr || theirs == nullptr) continue;
      add(std::string(target.topology) + " " + target.ours.name() + " / " + target.theirs.name(),
          ours->median_of("mps") / theirs->median_of("mps"), target.bound, target.wanted);
    }
  }

  /// What a reading of the clock adds, as the difference of what an event takes with it and without.
  void add_timestamp(const Who& with, const Who& without) {
    const Outcome* stamped = find("one_to_one", with);
    const Outcome* plain = find("one_to_one", without);
    if (stamped == nullptr || plain == nullptr) return;
    add("one_to_one " + with.name() + " - " + without.name() + ", ns",
        1e3 / stamped->median_of("mps") - 1e3 / plain->median_of("mps"), Bound::none, 0);
  }

  void add_ping_pong(const Who& who) {
    const Outcome* ours = find("ping_pong", who);
    if (ours == nullptr) return;
    const double p50 = ours->median_of("p50_ns");
    if (ours->half_round_trip_ns > 0) {
      add("ping_pong " + who.name() + " p50 / cache line", p50 / ours->half_round_trip_ns, Bound::at_most,
          1.5);
    }
    if (const Outcome* best = best_peer_in_ping_pong(); best != nullptr) {
      add("ping_pong p50 " + who.name() + " / " + best->peer + ", the best peer",
          p50 / best->median_of("p50_ns"), Bound::at_most, 1);
    }
    if (const Outcome* bare = find("ping_pong", {"bare_ring"}); bare != nullptr) {
      add("ping_pong p99 " + who.name() + " / bare_ring",
          ours->median_of("p99_ns") / bare->median_of("p99_ns"), Bound::at_most, 1.2);
    }
  }

  void add_same_thread() {
    const Outcome* ours = find("same_thread", kOne);
    if (ours != nullptr) add("same_thread sluice, ns", ours->median_of("ns"), Bound::at_most, 15);
  }

  void add_topics() {
    for (const char* many : {"1_topic", "of_100000"}) {
      const Outcome* held = find("topics", {("held_" + std::string(many)).c_str()});
      const Outcome* by_name = find("topics", {("by_name_" + std::string(many)).c_str()});
      if (held == nullptr || by_name == nullptr) continue;
      add("topics " + by_name->peer + " - held, ns", by_name->median_of("ns") - held->median_of("ns"),
          Bound::at_most, 30);
    }
  }

  [[nodiscard]] std::vector<Ratio> take() { return std::move(ratios_); }

 private:
  /// Neither ourselves nor the limit.
  [[nodiscard]] const Outcome* best_peer_in_ping_pong() const {
    const Outcome* best = nullptr;
    for (const Outcome& one : *outcomes_) {
      if (one.regime != regime_ || one.topology != "ping_pong" || one.payload_bytes != kPayload) continue;
      if (one.peer.starts_with("sluice") || one.peer.starts_with("bare_ring")) continue;
      if (best == nullptr || one.median_of("p50_ns") < best->median_of("p50_ns")) best = &one;
    }
    return best;
  }

  const std::vector<Outcome>* outcomes_;
  Regime regime_;
  std::vector<Ratio> ratios_;
};

}  // namespace

std::vector<Ratio> ratios_of(const std::vector<Outcome>& outcomes) {
  std::set<Regime> regimes;
  for (const Outcome& one : outcomes) regimes.insert(one.regime);
  std::vector<Ratio> all;
  for (const Regime regime : regimes) {
    Finder finder(outcomes, regime);
    finder.add_throughputs();
    finder.add_timestamp({"sluice_tsc"}, kOne);
    finder.add_timestamp({"sluice_tsc_batch", 32}, kMany);
    for (const char* kind_of_shard : {"sluice", "sluice_shared_shard"}) {
      finder.add_ping_pong({kind_of_shard});
    }
    finder.add_same_thread();
    finder.add_topics();
    const std::vector<Ratio> of_regime = finder.take();
    all.insert(all.end(), of_regime.begin(), of_regime.end());
  }
  return all;
}

}  // namespace sluice::bench

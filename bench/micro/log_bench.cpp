// What the ring costs by itself: no bus, no topics, nobody reading.
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include <benchmark/benchmark.h>

#include "sluice/bus/detail/shard.hpp"
#include "sluice/log/record.hpp"

namespace sluice {
namespace {

void Record_word(benchmark::State& state) {
  std::uint32_t length = 24;
  for (auto _ : state) {
    benchmark::DoNotOptimize(length);
    const auto word = log::CommitWord::committed(log::RecordKind::data, length);
    std::uint64_t stride = word.is_committed() && word.is_data() ? word.stride() : 0;
    benchmark::DoNotOptimize(stride);
  }
}
BENCHMARK(Record_word);

/// A ring of 1 MiB whose memory lives as long as it does.
class LoneRing {
 public:
  explicit LoneRing(log::Producers producers)
      : memory_(static_cast<std::byte*>(::operator new(kBytes, kAlign))), gates_(64, 64) {
    std::memset(memory_.get(), 0, kBytes);
    ring_ =
        std::make_unique<detail::Ring>(state_, log::Machine::Memory(memory_.get()), gates_,
                                       log::RingOptions{.capacity_bytes = kBytes, .producers = producers});
  }
  detail::Ring& ring() { return *ring_; }

 private:
  static constexpr std::size_t kBytes = 1U << 20;
  static constexpr std::align_val_t kAlign{4096};
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlign); }
  };

  std::unique_ptr<std::byte, Free> memory_;
  detail::RingState state_;
  detail::GateTable gates_;
  std::unique_ptr<detail::Ring> ring_;
};

/// Space for a 64-byte payload, committed at once with nothing written but its word.
void Ring_reserve_and_commit(benchmark::State& state, log::Producers producers) {
  LoneRing lone(producers);
  log::ProducerCache cache;
  const auto word = log::CommitWord::committed(log::RecordKind::data, log::kHeaderBytes + 64);
  const auto bytes = static_cast<std::uint32_t>(word.stride());
  for (auto _ : state) {
    const log::Reservation space = lone.ring().try_reserve(cache, bytes);
    if (space.status != log::ClaimStatus::ok) {
      state.SkipWithError("a ring that nobody gates was full");
      return;
    }
    lone.ring().commit(space, word);
  }
}
BENCHMARK_CAPTURE(Ring_reserve_and_commit, single, log::Producers::single);
BENCHMARK_CAPTURE(Ring_reserve_and_commit, multi, log::Producers::multi);

}  // namespace
}  // namespace sluice

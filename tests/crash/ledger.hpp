#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>

#include <sys/mman.h>

namespace sluice::crash {

inline constexpr std::size_t kProducers = 4;
/// How many events a producer may publish before a journal is begun anew.
inline constexpr std::uint64_t kMostEvents = 1U << 20;

/// What the publishing processes tell the one that outlives them: memory that all of them share.
struct Ledger {
  /// One producer's events, numbered from 0.
  struct Producer {
    std::atomic<std::uint64_t> begun{0};               ///< numbers below it were given to an event
    std::atomic<std::uint8_t> published[kMostEvents];  ///< 1: its publish has returned, and said ok
  };

  std::atomic<std::uint32_t> publishing{0};  ///< 1 once the bus is open
  Producer producers[kProducers];

  void clear() noexcept {
    publishing.store(0, std::memory_order_relaxed);  // nobody else is there
    for (Producer& producer : producers) {
      const std::uint64_t begun = producer.begun.exchange(0, std::memory_order_relaxed);
      for (std::uint64_t i = 0; i < begun && i < kMostEvents; ++i) {
        producer.published[i].store(0, std::memory_order_relaxed);
      }
    }
  }
};

/// A ledger in memory that forked processes share. It is zero, which is what each of its fields begins with.
class SharedLedger {
 public:
  SharedLedger() {
    void* memory = ::mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    ledger_ = static_cast<Ledger*>(memory);
  }
  SharedLedger(const SharedLedger&) = delete;
  SharedLedger& operator=(const SharedLedger&) = delete;
  ~SharedLedger() { ::munmap(ledger_, sizeof(Ledger)); }

  [[nodiscard]] Ledger& operator*() const noexcept { return *ledger_; }
  [[nodiscard]] Ledger* operator->() const noexcept { return ledger_; }

 private:
  Ledger* ledger_;
};

}  // namespace sluice::crash

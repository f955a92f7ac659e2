// The journal: a publisher that publishes in batches of 32, and waits at the end until all is journaled.
#include "sluice/journal/journal.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"

#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

class JournalWriter final : public Writer {
 public:
  JournalWriter(const std::string& directory, std::string ring_directory) {
    JournalOptions options;
    options.directory = directory + "/journal";
    options.ring_directory = std::move(ring_directory);
    options.first_segment_bytes = options.most_segment_bytes;
    journal_ = journal(options);
    BusOptions bus;
    bus.persistence = journal_;
    bus.timestamps = Timestamps::per_batch;
    bus.capacity_bytes = std::size_t{4} << 20;
    bus.shards = 0;
    bus.pinned.push_back({.pattern = ">", .producers = Producers::single, .capacity_bytes = {}});
    bus_ = std::make_unique<Bus>(Bus::open(std::move(bus)).value());
    publisher_ = std::make_unique<TypedPublisher<Order>>(bus_->publisher<Order>("orders.new").value());
  }

  void write(std::uint64_t first, std::uint64_t count) override {
    std::array<Order, 32> orders;
    for (std::uint64_t at = 0; at < count;) {
      const auto now = std::min<std::uint64_t>(orders.size(), count - at);
      for (std::uint64_t i = 0; i < now; ++i) orders[i].number = first + at + i;
      if (!publisher_->publish_batch({orders.data(), now})) throw BadResult(publisher_->last_error());
      at += now;
    }
    const std::uint64_t tail = bus_->metrics().shards[0].tail;
    while (journal_->journaled_position(0) < tail) platform::yield_thread();
  }

 private:
  std::shared_ptr<Journal> journal_;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<TypedPublisher<Order>> publisher_;
};

}  // namespace

std::vector<Keeper> journal_keepers() {
  return {
      {"sluice",
       [](const std::string& directory) { return std::make_unique<JournalWriter>(directory, "/dev/shm"); }},
      {"sluice_without_ring_file",
       [](const std::string& directory) { return std::make_unique<JournalWriter>(directory, ""); }}};
}

}  // namespace sluice::bench

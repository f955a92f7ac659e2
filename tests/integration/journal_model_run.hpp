#pragma once

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "sluice/bus/bus.hpp"

#include "integration/journal_model_commands.hpp"
#include "integration/mortal_file_system.hpp"
#include "journal/journal_impl.hpp"

/// One run of a journal, from its opening to its end.
namespace sluice::test::model {

struct Run {
  MortalFileSystem files;
  std::shared_ptr<detail::JournalImpl> journal;
  std::optional<Bus> bus;
  std::optional<Subscription> firehose;

  Run(const Setup& setup, const std::string& directory, const std::string& rings,
      const std::shared_ptr<Clock>& clock) {
    JournalOptions options;
    options.directory = directory;
    options.ring_directory = setup.has_ring_file ? rings : "";
    if (setup.syncs) {
      options.sync_every = 1ms;
      options.most_unsynced_age = 1h;  // however slow the machine is
    }
    options.first_segment_bytes = setup.first_segment_bytes;
    options.most_segment_bytes = setup.most_segment_bytes;
    options.retention = setup.limits;
    journal = std::make_shared<detail::JournalImpl>(options, files);
    BusOptions bus_options;
    bus_options.persistence = journal;
    bus_options.shards = setup.shards;
    bus_options.capacity_bytes = setup.capacity_bytes;
    bus_options.publish_deadline = 20ms;
    bus_options.clock = clock;
    bus.emplace(Bus::open(bus_options).value());
    firehose.emplace(bus->subscribe({}).value());
  }
  ~Run() {
    firehose.reset();
    if (bus) bus->close(0ns);
    bus.reset();
    journal.reset();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] std::uint64_t tail(std::uint32_t shard) const { return bus->metrics().shards[shard].tail; }
  [[nodiscard]] bool is_journaled() const {
    const auto shards = bus->metrics().shards;
    for (std::uint32_t shard = 0; shard < shards.size(); ++shard) {
      if (journal->journaled_position(shard) < shards[shard].tail) return false;
    }
    return true;
  }
  /// Whether journaling stands still because a cursor holds what would have to go.
  [[nodiscard]] bool is_held() const {
    const auto trouble = journal->trouble();
    return trouble && trouble->code == ErrorCode::disk_full &&
           trouble->message.find("; cursor ") != std::string::npos;
  }
};

/// Where runs go that were killed: a process would be gone at once, and they have threads to end.
class Graveyard {
 public:
  void bury(std::unique_ptr<Run> run) {
    if (endings_.size() == kMostAtOnce) endings_.pop_front();  // waits for it
    endings_.push_back(std::async(std::launch::async, [dead = std::move(run)]() mutable { dead.reset(); }));
  }

 private:
  static constexpr std::size_t kMostAtOnce = 16;
  std::deque<std::future<void>> endings_;
};

}  // namespace sluice::test::model

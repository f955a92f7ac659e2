#include "integration/reading_process.hpp"

#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <unistd.h>

#include "sluice/bus/event.hpp"

#include "integration/numbered_event.hpp"
#include "journal/journal_view.hpp"
#include "journal/shard_reader.hpp"
#include "tools/statistics.hpp"
#include "tools/verification.hpp"

namespace sluice::test {

namespace {

using detail::Hole;
using detail::JournalView;

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().to_string());
  return *std::move(result);
}

/// One reading process.
class Reader {
 public:
  Reader(ReaderReport& report, Reading reading, std::string directory)
      : report_(&report), reading_(reading), directory_(std::move(directory)) {}

  void pass() {
    const auto view = value_of(JournalView::open(detail::posix_file_system(), directory_));
    if (const auto& fault = view->control_fault()) throw std::runtime_error(fault->to_string());
    if (const auto& fault = view->synced_fault()) throw std::runtime_error(fault->to_string());
    check_cursors(*view);
    if (reading_ == Reading::like_command) {
      passes_ % 2 == 0 ? verify(*view) : stat(*view);
    } else {
      places_.resize(view->shards().size());
      for (std::uint32_t shard = 0; shard < places_.size(); ++shard) read(*view, shard);
    }
    ++passes_;
    // Relaxed, here and below: the test only looks whether they grow.
    report_->passes.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  /// Where it goes on in a shard, and which event comes there, if that is known.
  struct Place {
    std::uint64_t position = 0;
    std::uint64_t number = 0;
    bool is_exact = true;
  };

  [[noreturn]] static void fail(std::uint32_t shard, std::uint64_t position, const std::string& what) {
    throw std::runtime_error("shard " + std::to_string(shard) + ", position " + std::to_string(position) +
                             ": " + what);
  }

  /// What a cursor holds is there: the manifest was read before the control log, so cursors have moved on
  /// since, if anything.
  static void check_cursors(const JournalView& view) {
    for (const auto& [reader, cursor] : view.control().state.cursors) {
      if (cursor.retention != CursorRetention::hold || reader.second >= view.shards().size()) continue;
      const std::uint64_t oldest = view.shards()[reader.second].oldest;
      if (oldest <= cursor.position) continue;
      fail(reader.second, cursor.position, "a cursor holds it, and the oldest is " + std::to_string(oldest));
    }
  }

  void told_of_gap(Place& place, std::uint64_t to) {
    place.position = to;
    place.is_exact = false;
    report_->gaps.fetch_add(1, std::memory_order_relaxed);
  }

  void read(const JournalView& view, std::uint32_t shard) {
    Place& place = places_[shard];
    detail::ShardReader reader(view, shard);
    if (reading_ == Reading::from_oldest) {
      const std::uint64_t oldest = view.shards()[shard].oldest;
      place = {.position = oldest, .number = 0, .is_exact = oldest == 0};
    } else if (view.shards()[shard].oldest > place.position) {
      told_of_gap(place, view.shards()[shard].oldest);
    } else {
      reader.skip_to(place.position);
    }
    while (auto item = value_of(reader.next())) {
      if (const auto* hole = std::get_if<Hole>(&*item)) {
        if (hole->kind != Hole::Kind::gap) fail(shard, hole->from, hole->file + ": " + hole->what);
        if (hole->to > place.position) told_of_gap(place, hole->to);
        continue;
      }
      const auto& found = std::get<detail::FoundRecord>(*item);
      if (found.record.position >= place.position) read_record(found, shard, place);
    }
    const std::uint64_t end = view.shards()[shard].end.value_or(place.position);
    if (place.position < end) fail(shard, place.position, "it ends here, and not at " + std::to_string(end));
  }

  void read_record(const detail::FoundRecord& found, std::uint32_t shard, Place& place) {
    const auto& [record, segment] = found;
    if (record.position != place.position) fail(shard, place.position, "a hole that nothing tells");
    place.position += record.word.stride();
    if (!record.word.is_data()) return;
    const EventView event(segment->context, record.bytes, record.word, record.position);
    const auto number = read_numbered(event.payload(), shard);
    if (!number) fail(shard, record.position, "not what was published");
    const auto is_next = place.is_exact ? *number == place.number : *number >= place.number;
    if (!is_next) {
      fail(shard, record.position,
           "event " + std::to_string(*number) + " instead of " + std::to_string(place.number));
    }
    if (event.topic() != "shard." + std::to_string(shard)) fail(shard, record.position, "another topic");
    if (event.id() != EventId::from_position(segment->entry.epoch, shard, record.position)) {
      fail(shard, record.position, "another id");
    }
    place.number = *number + 1;
    place.is_exact = true;
    report_->events.fetch_add(1, std::memory_order_relaxed);
  }

  void verify(const JournalView& view) {
    tools::Verification verification(view);
    const auto done = verification.run();
    if (!done) throw std::runtime_error("verify: " + done.error().to_string());
    take(verification.findings(), verification.events());
  }
  void stat(const JournalView& view) {
    const auto found = value_of(tools::gather(view));
    take(found.findings, found.tally.events);
  }
  void take(const std::vector<tools::Finding>& findings, std::uint64_t events) {
    for (const tools::Finding& finding : findings) {
      if (finding.severity == tools::Finding::Severity::damage) {
        throw std::runtime_error(to_text(finding));
      }
      report_->gaps.fetch_add(1, std::memory_order_relaxed);
    }
    report_->events.fetch_add(events, std::memory_order_relaxed);
  }

  ReaderReport* report_;
  Reading reading_;
  std::string directory_;
  std::vector<Place> places_;
  std::uint64_t passes_ = 0;
};

}  // namespace

pid_t fork_reader(SharedState& shared, std::uint32_t number, Reading reading, const std::string& directory) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  // A test that dies leaves nobody behind.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ReaderReport& report = shared.readers[number];
  try {
    Reader reader(report, reading, directory);
    while (!shared.is_over.load(std::memory_order_acquire)) {
      shared.is_open.load(std::memory_order_acquire) ? reader.pass() : std::this_thread::yield();
    }
  } catch (const std::exception& fault) {
    std::snprintf(report.fault.data(), report.fault.size(), "%s", fault.what());
    ::_exit(1);
  }
  ::_exit(0);  // what the test has made is the test's
}

}  // namespace sluice::test
#endif

#include "archive.hpp"

#include <filesystem>
#include <utility>

#include "sluice/base/clock.hpp"

#include "kind_table.hpp"

namespace trading {
namespace {

constexpr std::string_view kWho = "journal";

double seconds_since(std::int64_t from_ns) {
  return static_cast<double>(sluice::monotonic_ns() - from_ns) / 1e9;
}

std::uint64_t bytes_in(const std::string& directory) {
  std::uint64_t sum = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const std::uintmax_t bytes = entry.file_size(failed);
    if (!failed) sum += bytes;
  }
  return sum;
}

/// This run's events, read back.
struct KeptFlow {
  FlowTally topics;
  Checksum all;
  std::uint64_t strangers = 0;  ///< of topics that this run did not publish to

  void add(std::optional<Kind> kind, const sluice::EventView& event) {
    if (!kind || event.payload().size() % 8 != 0) {
      ++strangers;
      return;
    }
    topics.add(*kind, event.position(), event.payload());
    all.add(static_cast<std::uint64_t>(*kind));
    all.add(event.payload());
  }
};

/// Events of a shard that were kept before position `begin`; nothing, and the reason in `books`, when they
/// can't be read.
std::optional<std::uint64_t> count_before(sluice::Journal& journal, std::uint32_t shard, std::uint64_t begin,
                                          Reconciliation& books) {
  std::uint64_t events = 0;
  const auto read = journal.read(shard, 0, [&](const sluice::EventView& event) {
    if (event.position() >= begin) return false;
    ++events;
    return true;
  });
  if (read && *read >= begin) return events;
  books.report(kWho, "earlier events can't be read" +
                         (read ? " from position " + std::to_string(*read) + " on: they are not kept"
                               : ": " + read.error().message));
  return std::nullopt;
}

}  // namespace

void expect_same(const FlowTally& kept, const FlowTally& published, Reconciliation& books) {
  books.expect_equal(kWho, kept.counts(), published.counts());
  for (std::size_t index = 0; index < kKinds; ++index) {
    const TopicTally& here = kept.of(static_cast<Kind>(index));
    const TopicTally& there = published.of(static_cast<Kind>(index));
    const std::string of_kind = std::string(kKindNames[index]) + " event";
    books.expect_equal(kWho, "number of " + of_kind + "s out of order", here.out_of_order, 0);
    // Where some are missing, that is said, and of course everything else differs, too.
    if (here.events != there.events) continue;
    books.expect_equal(kWho, "position of the first " + of_kind, here.first_position, there.first_position);
    books.expect_equal(kWho, "position of the last " + of_kind, here.last_position, there.last_position);
    books.expect_equal(kWho, "checksum over all " + of_kind + "s", here.content.value(),
                       there.content.value());
  }
}

Archive::Archive(std::string directory)
    : directory_(std::move(directory)), journal_(sluice::journal(directory_)) {}

void Archive::begin(const sluice::Bus& bus) {
  found_ = journal_->recovery();
  const auto shards = static_cast<std::uint32_t>(bus.metrics().shards.size());
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    begins_.push_back(journal_->journaled_position(shard));
  }
}

void Archive::note_trouble(Reconciliation& books) const {
  if (const auto trouble = journal_->trouble()) books.report(kWho, trouble->message);
}

JournalReport Archive::settle(const PublishedFlow& published, const Options& options,
                              sluice::BusOptions bus_options, Reconciliation& books) const {
  JournalReport report;
  report.directory = directory_;
  report.found = found_;

  const auto again = sluice::journal(directory_);
  bus_options.persistence = again;
  const std::int64_t opening_ns = sluice::monotonic_ns();
  auto bus = sluice::Bus::open(std::move(bus_options));
  report.open_seconds = seconds_since(opening_ns);
  report.ok = false;
  if (!bus) {
    books.report(kWho, "it can't be opened again: " + bus.error().message);
    return report;
  }
  if (!again->recovery().was_closed) {
    books.report(kWho, "it was not closed in order: " + describe(again->recovery()));
  }

  const KindTable kinds(*bus, options.symbol);
  KeptFlow kept;
  report.earlier = 0;
  for (std::uint32_t shard = 0; shard < begins_.size(); ++shard) {
    const std::int64_t reading_ns = sluice::monotonic_ns();
    const auto read = again->read(shard, begins_[shard], [&](const sluice::EventView& event) {
      kept.add(kinds.of(event), event);
      return true;
    });
    report.read_seconds += seconds_since(reading_ns);
    report.bytes += again->journaled_position(shard) - begins_[shard];
    if (!read) books.report(kWho, "this run's events can't be read back: " + read.error().message);
    const auto before = count_before(*again, shard, begins_[shard], books);
    report.earlier = report.earlier && before ? std::optional(*report.earlier + *before) : std::nullopt;
  }
  report.kept = kept.topics.counts();
  report.directory_bytes = bytes_in(directory_);
  expect_same(kept.topics, published.topics, books);
  books.expect_equal(kWho, "number of events of unknown topics", kept.strangers, 0);
  books.expect_equal(kWho, "checksum over all events", kept.all.value(), published.checksum);
  report.ok = books.ok(kWho);
  return report;
}

}  // namespace trading

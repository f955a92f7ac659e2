// Journals that were written by each version of the format, and must be read for ever. Those in tests/golden/
// are never written again: a new version of the format adds one. SLUICE_WRITE_GOLDEN=DIR has this test write
// one there.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "journal/manifest.hpp"
#include "paths.hpp"
#include "unit/bus/support.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// When the golden journals were written: long ago.
constexpr std::int64_t kThen = 1'700'000'000'000'000'000;

Bus open(const std::shared_ptr<Journal>& journal, std::int64_t now_ns) {
  BusOptions options;
  options.persistence = journal;
  options.shards = 2;
  options.capacity_bytes = 8 * 1024;
  options.clock = std::make_shared<ManualClock>(now_ns);
  return Bus::open(std::move(options)).value();
}

std::shared_ptr<Journal> journal_in(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.ring_directory.clear();
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  return journal(options);
}

/// Two runs with everything that a record, a manifest and a control log may have.
void write_golden(const std::string& directory) {
  for (int run = 0; run < 2; ++run) {
    const auto kept = journal_in(directory);
    Bus bus = open(kept, kThen + run);
    for (int i = 0; i < 60; ++i) {
      PublishOptions options;
      options.timestamp_ns = kThen + 1'000 * i;
      if (i % 3 == 0) options.metadata = {{"customer", "42"}, {"empty", ""}};
      if (i % 5 == 0)
        options.ttl = i % 2 == 0 ? std::chrono::nanoseconds(1h) : std::chrono::nanoseconds::max();
      if (i % 7 == 0) options.id = EventId::parse("123e4567-e89b-12d3-a456-426614174000").value();
      const std::string topic = "run" + std::to_string(run) + ".topic" + std::to_string(i % 8);
      bus.publish(topic, std::string(static_cast<std::size_t>(10 * i), static_cast<char>('a' + i % 26)),
                  options)
          .value();
      Publisher publisher = bus.publisher(topic).value();
      publisher.claim(100).value().abort();
      Claim shorter = publisher.claim(200).value();
      shorter.payload()[0] = std::byte{'s'};
      ASSERT_TRUE(shorter.commit(1));
    }
    kept->store_cursor("holds", 0, 32, CursorRetention::hold).value();
    kept->store_cursor("removed", 1, 32, CursorRetention::gap).value();
    kept->store_cursor("moves", 1, 64, CursorRetention::gap).value();
    kept->store_cursor("moves", 1, 96, CursorRetention::gap).value();
    kept->remove_cursor("removed", 1).value();
  }
}

/// What reading it gives, a line for each event and cursor. `claim(1)`s have the time of their publish.
std::string read_golden(const std::string& directory, std::int64_t now_ns) {
  const auto kept = journal_in(directory);
  const Bus bus = open(kept, now_ns);
  EXPECT_TRUE(kept->recovery().was_closed);
  std::ostringstream lines;
  for (std::uint32_t shard = 0; shard < 2; ++shard) {
    kept->read(shard, 0,
               [&](const EventView& event) {
                 lines << shard << ":" << event.position() << " " << event.topic() << " " << event.topic_id()
                       << " " << event.id().to_string() << " " << event.timestamp_ns() << " "
                       << event.expires_at_ns();
                 for (const auto& [key, value] : event.metadata()) lines << " " << key << "=" << value;
                 lines << " \"" << event.text() << "\"\n";
                 return true;
               })
        .value();
  }
  for (const char* name : {"holds", "removed", "moves"}) {
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
      if (const auto at = kept->load_cursor(name, shard).value()) {
        lines << name << " " << shard << ":" << *at << "\n";
      }
    }
  }
  return lines.str();
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

class JournalGolden : public testing::TestWithParam<std::uint32_t> {
 protected:
  /// A copy of the journal of that version, since opening one changes it.
  [[nodiscard]] std::string copy() const {
    fs::copy(golden() / "journal", directory_.path() + "/journal", fs::copy_options::recursive);
    return directory_.path() + "/journal";
  }
  [[nodiscard]] static fs::path golden() {
    return fs::path(SLUICE_SOURCE_TREE) / "tests" / "golden" / ("format-" + std::to_string(GetParam()));
  }
  test::TemporaryDirectory directory_;
};

TEST_P(JournalGolden, is_read_as_it_was_written) {
  const std::string directory = copy();
  EXPECT_EQ(read_golden(directory, kThen + 2), text_of(golden() / "expected.txt"));
}

TEST_P(JournalGolden, is_gone_on_with) {
  const std::string directory = copy();
  {
    const auto kept = journal_in(directory);
    Bus bus = open(kept, kThen + 2);
    EXPECT_EQ(bus.topic("run0.topic0").value()->id(), 0U);
    ASSERT_TRUE(bus.publish("run2.topic", "new", {.timestamp_ns = 1}));
  }
  const std::string all = read_golden(directory, kThen + 2);
  EXPECT_NE(all.find(" run2.topic 16 "), std::string::npos) << all;
  EXPECT_NE(all.find(" run1.topic7 15 "), std::string::npos) << all;
}

INSTANTIATE_TEST_SUITE_P(OfEachFormat, JournalGolden, testing::Range(1U, detail::kFormatVersion + 1));

TEST(WriteJournalGolden, where_it_is_asked_for) {
  const char* const directory = std::getenv("SLUICE_WRITE_GOLDEN");
  const test::TemporaryDirectory temporary;
  const std::string to = directory != nullptr ? directory : temporary.path();
  write_golden(to + "/journal");
  std::ofstream(to + "/expected.txt", std::ios::binary) << read_golden(to + "/journal", kThen + 2);
  if (directory != nullptr) return;
  // What it would write can be told from the one before by ids alone, which no two runs share.
  EXPECT_GT(text_of(to + "/expected.txt").size(), 10'000U);
}

}  // namespace
}  // namespace sluice

// A journal of several segments, part of it synced, and every way to shorten one of its files or to turn one
// bit of it: what was synced comes back as it was, or opening or reading says which file is wrong.
//
// A sample runs by default; with SLUICE_TEST_FULL=1 all of some 1.3 million cases do.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

#include "conformance/persistence_maker.hpp"
#include "effort.hpp"
#include "journal/journal_impl.hpp"
#include "unit/journal/memory_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice {
namespace {

using conformance::History;
using conformance::Seen;

constexpr const char* kDirectory = "journal";

/// A journal as a dead process left it.
struct Left {
  std::map<std::string, detail::MemoryFileSystem::Bytes> files;
  History synced;    ///< what must be there
  History unsynced;  ///< what may be there behind it, from the first one on
};

JournalOptions options_in(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.ring_directory.clear();
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  return options;
}

/// One run that is closed, and one that is not.
Left leave_a_journal() {
  const test::TemporaryDirectory directory;
  Left left;
  for (History* seen : {&left.synced, &left.unsynced}) {
    const auto kept = journal(options_in(directory.path() + "/journal"));
    Bus bus = Bus::open({.persistence = kept}).value();
    Subscription firehose = bus.subscribe({}).value();
    const int events = seen == &left.synced ? 260 : 150;
    for (int i = 0; i < events; ++i) {
      const std::string text(static_cast<std::size_t>(20 + i * 7 % 150), static_cast<char>('a' + i % 26));
      EXPECT_TRUE(bus.publish("damage." + std::to_string(i % 5), text));
      EXPECT_EQ(firehose.poll([&](const EventView& event) { seen->emplace_back(event); }).events, 1U);
    }
    if (seen == &left.synced) continue;
    while (kept->journaled_position(0) < bus.metrics().shards[0].tail) std::this_thread::yield();
    for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/journal")) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
      left.files[entry.path().filename().string()].assign(bytes, bytes + text.size());
    }
  }
  left.files.erase("LOCK");
  return left;
}

/// What opening and reading a journal came to.
struct Outcome {
  History events;
  std::optional<Error> error{};
};

Outcome open_and_read(detail::MemoryFileSystem& files) {
  Outcome outcome;
  detail::JournalImpl journal(options_in(kDirectory), files);
  if (auto started = journal.start({.shards = {{.capacity_bytes = 4096}}}); !started) {
    outcome.error = std::move(started).error();
    return outcome;
  }
  auto end = journal.read(0, 0, [&](const EventView& event) {
    outcome.events.emplace_back(event);
    return true;
  });
  if (!end) outcome.error = std::move(end).error();
  return outcome;
}

/// Nothing if that is what may come of damage to `file`; else what is wrong with it.
std::string judge(const Outcome& outcome, const Left& left, const std::string& file) {
  History kept = left.synced;
  kept.insert(kept.end(), left.unsynced.begin(), left.unsynced.end());
  if (outcome.events.size() > kept.size()) return "more events than were published";
  for (std::size_t i = 0; i < outcome.events.size(); ++i) {
    if (outcome.events[i] != kept[i]) return "event " + std::to_string(i) + " is not what was published";
  }
  if (outcome.error) {
    const bool names_it = outcome.error->message.find(file) != std::string::npos;
    return names_it ? "" : "an error that does not name " + file + ": " + outcome.error->to_string();
  }
  if (outcome.events.size() < left.synced.size()) {
    return "only " + std::to_string(outcome.events.size()) + " of " + std::to_string(left.synced.size()) +
           " synced events, and no error";
  }
  return "";
}

class JournalDamage : public testing::Test {
 protected:
  static const Left& left() {
    static const Left left = leave_a_journal();
    return left;
  }
  static detail::MemoryFileSystem file_system() {
    detail::MemoryFileSystem files;
    for (const auto& [name, bytes] : left().files) files.at(std::string(kDirectory) + "/" + name) = bytes;
    return files;
  }
  /// Every how many-th case runs; a prime, so that all bits of a byte have their turn.
  static std::size_t step() { return test::Effort{.full = 1, .sample = 199, .sanitized = 4'001}.now(); }

  template <class Damage>
  static void try_all(const char* what, std::size_t cases_per_byte, std::size_t step, Damage damage) {
    std::size_t cases = 0;
    std::size_t refused = 0;
    std::size_t at = 0;
    for (const auto& [name, bytes] : left().files) {
      for (; at < bytes.size() * cases_per_byte; at += step) {
        detail::MemoryFileSystem files = file_system();
        damage(files.at(std::string(kDirectory) + "/" + name), at);
        const Outcome outcome = open_and_read(files);
        ASSERT_EQ(judge(outcome, left(), name), "") << what << " " << at << " of " << name;
        ++cases;
        if (outcome.error) ++refused;
      }
      at -= bytes.size() * cases_per_byte;
    }
    std::printf("%zu cases of a %s, %zu refused\n", cases, what, refused);
    EXPECT_GT(refused, 0U);
    EXPECT_LT(refused, cases);
  }
};

TEST_F(JournalDamage, is_found_where_there_is_some) {
  detail::MemoryFileSystem files = file_system();
  const Outcome whole = open_and_read(files);
  ASSERT_FALSE(whole.error) << *whole.error;
  EXPECT_EQ(whole.events.size(), left().synced.size() + left().unsynced.size());
  EXPECT_GE(left().files.size(), 7U) << "four segments and three other files";
  EXPECT_EQ(judge(whole, left(), "x"), "");

  Outcome prefix = whole;
  prefix.events.erase(prefix.events.begin() + static_cast<std::ptrdiff_t>(left().synced.size()) - 1,
                      prefix.events.end());
  EXPECT_NE(judge(prefix, left(), "x"), "") << "a shorter log without an error";
  Outcome changed = whole;
  changed.events[3].payload[0] ^= 1;
  EXPECT_NE(judge(changed, left(), "x"), "");
  Outcome unnamed = prefix;
  unnamed.error = Error{ErrorCode::corrupt, "something is wrong"};
  EXPECT_NE(judge(unnamed, left(), "x"), "");
}

TEST_F(JournalDamage, of_one_bit_never_changes_or_hides_a_synced_event) {
  try_all("flipped bit", 8, step(),
          [](auto& bytes, std::size_t bit) { bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8)); });
}

TEST_F(JournalDamage, of_a_shorter_file_never_changes_or_hides_a_synced_event) {
  try_all("truncation", 1, step(), [](auto& bytes, std::size_t size) { bytes.resize(size); });
}

}  // namespace
}  // namespace sluice

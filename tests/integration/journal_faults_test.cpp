// A journal's life, again and again, each time with another call that fails: it answers with an error that
// says which file and why, or goes on; and once nothing fails any more, everything that was published is
// there.
//
// A sample of the calls by default; with SLUICE_TEST_FULL=1 each of them.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "effort.hpp"
#include "journal_story.hpp"
#include "unit/journal/faulty_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

constexpr std::uint64_t kEvents = 300;

struct Kind {
  const char* name;
  Call call;
};
constexpr Kind kKinds[] = {
    {"create", Call::create},
    {"open", Call::open},
    {"read", Call::read},
    {"write", Call::write},
    {"allocate", Call::allocate},
    {"sync", Call::sync},
    {"rename", Call::rename},
    {"remove", Call::remove},
    {"sync_directory", Call::sync_directory},
    {"map_shared", Call::map_shared},
    {"list", Call::list},
    {"exists", Call::exists},
    {"make_directory", Call::make_directory},
    {"any change", kEveryChange},
    {"anything", kEveryCall},
};

/// What came of one life with a fault in it.
struct Told {
  Log log = Log(kShards);  ///< what was published
  std::vector<Error> errors;
};

/// A place for a journal, watched and made to fail.
struct Place {
  TemporaryDirectory directory{TemporaryDirectory::fast_parent()};
  std::string root = made(directory.file("root"));
  std::string rings = made(directory.file("rings"));
  FaultyFileSystem files{detail::posix_file_system(), root};

  [[nodiscard]] std::shared_ptr<detail::JournalImpl> journal() {
    return std::make_shared<detail::JournalImpl>(small_journal(root + "/journal", rings), files);
  }
};

/// Publishes until an error comes twice in a row; waits for the disk now and then, so that there is more than
/// one large write.
void publish(Bus& bus, Journal& journal, std::uint64_t events, Told& told) {
  Narrator narrator(bus);
  for (std::uint64_t number = 0; number < events; ++number) {
    auto id = narrator.publish(number, 7, told.log);
    if (!id) {
      told.errors.push_back(id.error());
      id = narrator.publish(number, 7, told.log);
    }
    if (!id) return;
    if (number % 10 == 0) (void)journal.sync(0, bus.metrics().shards[0].tail, std::chrono::milliseconds(2));
  }
}

/// Opens it, publishes `events`, reads, and closes it again.
void run_once(Place& place, std::chrono::nanoseconds patience, std::uint64_t events, Told& told) {
  const auto journal = place.journal();
  BusOptions options = small_bus(journal);
  options.capacity_bytes = 16 * 1024;
  options.publish_deadline = patience;
  auto bus = Bus::open(std::move(options));
  if (!bus) return told.errors.push_back(bus.error());
  publish(*bus, *journal, events, told);
  if (auto kept = journal->store_cursor("reader", 0, 64, CursorRetention::gap); !kept)
    told.errors.push_back(kept.error());
  if (auto kept = read_all(*journal); !kept) told.errors.push_back(kept.error());
  bus->close(std::chrono::nanoseconds(0));
  if (auto trouble = journal->trouble()) told.errors.push_back(*trouble);
}

/// A run in which a sync fails, and which then dies: what follows has everything to recover.
void run_and_die(Place& place, Told& told) {
  const auto journal = place.journal();
  Bus bus = Bus::open(small_bus(journal)).value();
  publish(bus, *journal, kEvents, told);
  place.files.fail({.calls = Call::sync, .error_number = EIO, .times = Fault::Times::from_then_on});
  (void)Narrator(bus).publish(kEvents, 7, told.log);
  while (!journal->trouble()) std::this_thread::yield();
  place.files.fail({.error_number = EIO, .times = Fault::Times::from_then_on});
  bus.close(std::chrono::nanoseconds(0));
}

/// Everything is there, in its place; and all of that is durable.
void check(Place& place, const Told& told) {
  place.files.heal();
  {
    const auto journal = place.journal();
    auto bus = Bus::open(small_bus(journal));
    ASSERT_TRUE(bus) << bus.error();
    const auto kept = read_all(*journal);
    ASSERT_TRUE(kept) << kept.error();
    ASSERT_EQ(fault_of(*kept, told.log, std::vector<std::uint64_t>(kShards, UINT64_MAX)), "");
    place.files.disk().make_image(told.errors.size(), place.directory.file("image"));
  }
  const std::string image_rings = made(place.directory.file("image_rings"));
  std::filesystem::remove_all(place.rings);
  const auto image = std::make_shared<detail::JournalImpl>(
      small_journal(place.directory.file("image/journal"), image_rings), detail::posix_file_system());
  auto bus = Bus::open(small_bus(image));
  ASSERT_TRUE(bus) << "after a loss of power: " << bus.error();
  const auto kept = read_all(*image);
  ASSERT_TRUE(kept) << "after a loss of power: " << kept.error();
  EXPECT_EQ(fault_of(*kept, told.log, std::vector<std::uint64_t>(kShards, UINT64_MAX)), "")
      << "after a loss of power";
}

void check_errors(const Told& told) {
  for (const Error& error : told.errors) {
    const bool is_typed = error.code == ErrorCode::disk_full || error.code == ErrorCode::disk_failed ||
                          error.code == ErrorCode::ring_no_space || error.code == ErrorCode::timed_out ||
                          error.code == ErrorCode::persistence_failed;
    EXPECT_TRUE(is_typed) << error;
    EXPECT_GT(error.message.size(), 20U) << error;
  }
}

enum class Life { ordinary, after_a_death };

/// One case; false once the fault comes too late to befall anything.
bool try_one(const Kind& kind, const Fault& fault, Life life) {
  SCOPED_TRACE(std::string(kind.name) + " number " + std::to_string(fault.nth) +
               (fault.error_number == EIO ? " EIO" : " ENOSPC") +
               (fault.times == Fault::Times::once ? " once" : " from then on"));
  Place place;
  Told told;
  if (life == Life::after_a_death) run_and_die(place, told);
  place.files.heal();
  const std::uint64_t failed_before = place.files.failed();
  place.files.fail(fault);
  // A ring that stays full is to be seen soon; one that does not is to have the time it takes.
  const bool stays = fault.times == Fault::Times::from_then_on;
  const auto patience = stays ? std::chrono::milliseconds(20) : std::chrono::milliseconds(60'000);
  run_once(place, patience, life == Life::ordinary ? kEvents : 0, told);
  run_once(place, patience, 0, told);
  const bool befell = place.files.failed() != failed_before;
  check_errors(told);
  if (!befell && !stays) {
    EXPECT_TRUE(told.errors.empty()) << told.errors[0];
  }
  check(place, told);
  return befell;
}

/// Every call in turn; in a sample, every third or so of the first ones, and fewer further on.
void try_all(Life life, std::uint64_t sample) {
  const bool all = Effort{.full = 1}.now() != 0;
  sample *= Effort{1, 1, 20}.now();
  std::size_t cases = 0;
  for (const Kind& kind : kKinds) {
    for (const int error_number : {EIO, ENOSPC}) {
      for (const auto times : {Fault::Times::once, Fault::Times::from_then_on}) {
        for (std::uint64_t nth = 1;; nth += all ? 1 : nth * sample / 2 + 1) {
          const auto before = nth % 2 == 0 ? Fault::Before::half_of_it : Fault::Before::nothing;
          ++cases;
          if (!try_one(kind, {kind.call, nth, error_number, times, before}, life)) break;
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
  std::printf("%zu lives with a fault, every event kept\n", cases);
}

TEST(JournalFaults, of_any_call_cost_nothing_that_was_published) {
  try_all(Life::ordinary, 1);
}

TEST(JournalFaults, of_any_call_of_a_recovery_cost_nothing_that_was_published) {
  try_all(Life::after_a_death, 6);
}

}  // namespace
}  // namespace sluice::test

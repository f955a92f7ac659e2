// A repair that is broken off at any call of the file system, or by a loss of power there: what it leaves is
// the journal as it was or the repaired one, nothing of the damaged files is gone, and a second repair
// finishes.
//
// A sample of the calls by default; with SLUICE_TEST_FULL=1 each of them.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "effort.hpp"
#include "integration/damaged_journal.hpp"
#include "unit/journal/faulty_file_system.hpp"

namespace sluice::test {
namespace {

const detail::SalvageProgress kNoProgress = [](std::uint64_t) {};

void put_files(const std::map<std::string, Bytes>& files, const std::string& directory) {
  std::filesystem::create_directories(directory);
  for (const auto& [name, bytes] : files) {
    std::ofstream(directory + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

/// A journal with something wrong everywhere, and what is good in it.
struct Case {
  const char* name;
  std::map<std::string, Bytes> files;
  std::set<std::pair<std::uint32_t, std::uint64_t>> good;  ///< events: shard and position
};

/// With a manifest, or without one.
Case make_case(const char* name, bool has_manifest) {
  static const Image image = make_image(Ending::killed);
  Case made{name, image.files, {}};
  for (const Placed& placed : image.events) made.good.emplace(placed.shard, placed.seen.position);
  for (const std::size_t i : {5U, 100U, 101U, 230U, 400U}) {
    const Placed& event = image.events[i];
    made.files[event.file][event.offset + 30] ^= std::byte{1};
    made.good.erase({event.shard, event.seen.position});
  }
  made.files[image.control_log()][60] ^= std::byte{1};
  made.files["SYNCED"].resize(100);
  if (!has_manifest) made.files["MANIFEST"][70] ^= std::byte{8};
  return made;
}

Result<void> repair(detail::FileSystem& files, const std::string& directory) {
  auto plan = detail::plan_salvage(files, directory, kNoProgress);
  if (!plan) return std::move(plan).error();
  return detail::carry_out(files, *plan, kNoProgress);
}

/// A second repair finishes what the first began.
void check_second(const Case& of, const std::string& directory, const char* when) {
  SCOPED_TRACE(when);
  const auto done = repair(detail::posix_file_system(), directory);
  ASSERT_TRUE(done) << done.error();
  const auto again = detail::plan_salvage(detail::posix_file_system(), directory, kNoProgress);
  ASSERT_TRUE(again) << again.error();
  ASSERT_FALSE(again->needs_repair()) << again->findings[0].file << ": " << again->findings[0].what;
  // Every segment's damaged file is somewhere, as it was.
  for (const auto& [name, bytes] : of.files) {
    if (!name.ends_with(".segment")) continue;
    bool is_kept = false;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      is_kept =
          is_kept || (entry.path().filename() == name && files_in(entry.path().parent_path())[name] == bytes);
    }
    ASSERT_TRUE(is_kept) << name;
  }
  auto events = events_of(detail::posix_file_system(), directory);
  ASSERT_TRUE(events) << events.error();
  std::set<std::pair<std::uint32_t, std::uint64_t>> kept;
  for (std::uint32_t shard = 0; shard < kDamagedShards; ++shard) {
    for (const Seen& seen : events->at(shard)) kept.emplace(shard, seen.position);
  }
  ASSERT_EQ(kept, of.good);
}

/// One repair with a fault in it; false once the fault comes too late to befall anything.
bool try_one(const Case& of, const Fault& fault) {
  SCOPED_TRACE(std::string(of.name) + ", call " + std::to_string(fault.nth) +
               (fault.times == Fault::Times::once ? " once" : " from then on"));
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  const std::string root = directory.file("root");
  put_files(of.files, root + "/journal");
  FaultyFileSystem files(detail::posix_file_system(), root);
  files.fail(fault);
  const auto done = repair(files, root + "/journal");
  const bool befell = files.failed() != 0;
  if (!done) {
    EXPECT_TRUE(befell) << done.error();
    const bool is_typed =
        done.error().code == ErrorCode::disk_failed || done.error().code == ErrorCode::disk_full;
    EXPECT_TRUE(is_typed) << done.error();
  }
  files.heal();
  const std::string image = directory.file("image");
  files.disk().make_image(fault.nth, image);
  check_second(of, image + "/journal", "after a loss of power");
  check_second(of, root + "/journal", "after the failure");
  return befell;
}

TEST(RepairFaults, of_any_call_leave_a_journal_that_a_second_repair_finishes) {
  std::size_t cases = 0;
  for (const Case& of : {make_case("with a manifest", true), make_case("without a manifest", false)}) {
    for (const Call calls : {kEveryChange, kEveryCall}) {
      for (const auto times : {Fault::Times::once, Fault::Times::from_then_on}) {
        const std::uint64_t step = calls == kEveryCall ? Effort{1, 41, 401}.now() : Effort{1, 5, 47}.now();
        for (std::uint64_t nth = 1;; nth += step) {
          const auto before = nth % 2 == 0 ? Fault::Before::half_of_it : Fault::Before::nothing;
          const int error_number = nth % 3 == 0 ? ENOSPC : EIO;
          ++cases;
          if (!try_one(of, {calls, nth, error_number, times, before})) break;
          if (HasFatalFailure() || HasNonfatalFailure()) return;
        }
      }
    }
  }
  std::printf("%zu repairs with a fault\n", cases);
}

}  // namespace
}  // namespace sluice::test

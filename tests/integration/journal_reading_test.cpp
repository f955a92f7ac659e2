// Reading while writing: other processes read a journal, again and again and without its lock, while this one
// publishes at full speed and retention removes segments all the time. They see what was published, unchanged
// and in order, and are told of every gap; and what a cursor holds stays.
//
// 2 s by default, 60 s with SLUICE_TEST_FULL=1.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "integration/numbered_event.hpp"
#include "integration/reading_process.hpp"
#include "journal/manifest.hpp"
#include "stress/scale.hpp"
#include "unit/bus/support.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kShards = 2;
constexpr const char* kFollower = "follower";
constexpr std::uint64_t kSegmentBytes = 16 * 1024;
constexpr std::uint64_t kMostSegments = 40;
constexpr auto kReadings =
    std::array{Reading::follow, Reading::follow, Reading::from_oldest, Reading::like_command};
static_assert(kReadings.size() == kReaders);

/// The writing process, and the readers that it began before it had a thread.
class JournalReading : public testing::Test {
 protected:
  void SetUp() override {
    void* const memory =
        ::mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    shared_ = new (memory) SharedState;
    for (std::uint32_t number = 0; number < kReaders; ++number) {
      readers_.push_back(fork_reader(*shared_, number, kReadings[number], directory_));
      ASSERT_GT(readers_.back(), 0);
    }
    open();
  }
  void TearDown() override {
    shared_->is_over = true;
    for (std::uint32_t number = 0; number < readers_.size(); ++number) {
      int status = 0;
      ASSERT_EQ(::waitpid(readers_[number], &status, 0), readers_[number]);
      EXPECT_FALSE(WIFSIGNALED(status)) << "reader " << number << ": signal " << WTERMSIG(status);
      EXPECT_EQ(status, 0) << "reader " << number << ": " << shared_->readers[number].fault.data();
    }
    bus_.reset();
    ::munmap(shared_, sizeof(SharedState));
  }

  void open() {
    JournalOptions options;
    options.directory = directory_;
    options.ring_directory = place_.path();
    options.first_segment_bytes = options.most_segment_bytes = kSegmentBytes;
    options.sync_every = 1ms;
    options.most_unsynced_age = 1h;  // however slow the machine is
    options.retention.bytes = kMostSegments * (kSegmentBytes + 4096);
    journal_ = journal(options);
    BusOptions bus;
    bus.persistence = journal_;
    bus.shards = 0;
    bus.pinned = {{.pattern = topic(0)}, {.pattern = ">"}};
    bus.capacity_bytes = 64 * 1024;
    bus.publish_deadline = 1h;  // a holding cursor may take its time
    bus_.emplace(Bus::open(bus).value());
    shared_->is_open.store(true, std::memory_order_release);
  }

  static std::string topic(std::uint32_t shard) { return "shard." + std::to_string(shard); }
  [[nodiscard]] bool is_over() const { return shared_->is_over.load(std::memory_order_acquire); }

  void publish(std::uint32_t shard) {
    auto publisher = bus_->publisher(topic(shard)).value();
    std::vector<std::byte> bytes;
    while (!is_over()) {
      ASSERT_TRUE(publisher.publish(write_numbered(published_[shard], shard, bytes)))
          << publisher.last_error();
      ++published_[shard];
    }
  }

  /// Follows a shard with a cursor that holds what it has not read, until the time is over.
  void follow(std::uint32_t shard) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(stress::is_full_run() ? 60 : 2);
    const auto is_time = [&] { return std::chrono::steady_clock::now() >= end; };
    ASSERT_TRUE(journal_->store_cursor(kFollower, shard, 0, CursorRetention::hold));
    for (std::uint64_t round = 1; !HasFailure() && !has_one_ended() && !(is_time() && is_enough()); ++round) {
      if (round % 256 == 0) be_waited_for();
      follow_some(shard);
    }
  }

  /// Reads nothing until publishing has to wait for it.
  void be_waited_for() {
    if (journal_->trouble()) return;  // not over since the last time
    await([&] { return HasFailure() || journal_->trouble(); });
    const auto trouble = journal_->trouble();
    if (!trouble) return;
    ASSERT_EQ(trouble->code, ErrorCode::disk_full) << *trouble;
    ASSERT_NE(trouble->message.find("\"follower\""), std::string::npos) << *trouble;
    ++held_up_;
  }

  void follow_some(std::uint32_t shard) {
    std::uint64_t count = 0;
    const auto end = journal_->read(shard, position_, [&](const EventView& event) {
      EXPECT_EQ(read_numbered(event.payload(), shard), followed_) << "at position " << event.position();
      ++followed_;
      return ++count != 200 && !HasFailure();
    });
    ASSERT_TRUE(end) << end.error();
    if (count == 0) return std::this_thread::yield();
    position_ = *end;
    ASSERT_TRUE(journal_->store_cursor(kFollower, shard, position_, CursorRetention::hold));
  }

  /// Segments that were removed so far: those before the oldest one.
  [[nodiscard]] std::uint64_t removed() const {
    std::uint64_t removed = 0;
    const auto manifest = detail::load_manifest(detail::posix_file_system(), directory_).value().value();
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      for (const auto& segment : manifest.segments) {
        if (segment.shard != shard) continue;
        removed += segment.begin / kSegmentBytes;  // at least: none has more records than it has room for
        break;
      }
    }
    return removed;
  }

  /// Whether a reader has ended, which it does only at a fault.
  [[nodiscard]] bool has_one_ended() const {
    for (const pid_t reader : readers_) {
      siginfo_t ended{};
      ::waitid(P_PID, static_cast<id_t>(reader), &ended, WEXITED | WNOHANG | WNOWAIT);
      if (ended.si_pid != 0) return true;
    }
    return false;
  }

  /// Whether each reader has read so much that it means something.
  [[nodiscard]] bool is_enough() const {
    std::uint64_t gaps = 0;
    for (const ReaderReport& report : shared_->readers) {
      if (report.passes < 5 || report.events < 1'000) return false;
      gaps += report.gaps;
    }
    return gaps >= 10 && removed() >= 100 && held_up_ >= 2;
  }

  TemporaryDirectory place_{TemporaryDirectory::fast_parent()};
  const std::string directory_ = place_.file("journal");
  SharedState* shared_ = nullptr;
  std::vector<pid_t> readers_;
  std::shared_ptr<Journal> journal_;
  std::optional<Bus> bus_;
  std::array<std::uint64_t, kShards> published_{};
  // The follower's.
  std::uint64_t position_ = 0;
  std::uint64_t followed_ = 0;  ///< events
  std::uint64_t held_up_ = 0;   ///< how often publishing waited for it
};

TEST_F(JournalReading, by_other_processes_shows_what_was_published_while_segments_are_removed) {
  std::vector<std::thread> threads;
  for (std::uint32_t shard = 0; shard < kShards; ++shard)
    threads.emplace_back([this, shard] { publish(shard); });
  follow(0);
  shared_->is_over.store(true, std::memory_order_release);
  EXPECT_TRUE(journal_->remove_cursor(kFollower, 0));  // or publishing would wait for it
  for (std::thread& thread : threads) thread.join();

  const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
  std::printf(
      "%llu events published, %llu followed with a cursor that held them (publishing waited %llu times); "
      "%llu segments removed\n",
      count(published_[0] + published_[1]), count(followed_), count(held_up_), count(removed()));
  for (const ReaderReport& report : shared_->readers) {
    std::printf("a process read %llu times: %llu events, %llu gaps\n", count(report.passes),
                count(report.events), count(report.gaps));
  }
}

}  // namespace
}  // namespace sluice::test
#endif

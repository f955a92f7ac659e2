// Publishes that return when the disk has the event.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

#include "journal/journal_impl.hpp"
#include "unit/bus/support.hpp"
#include "unit/journal/faulty_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class DurablePublish : public testing::Test {
 protected:
  [[nodiscard]] JournalOptions options() const {
    JournalOptions options;
    options.directory = directory_.path() + "/journal";
    options.ring_directory.clear();
    return options;
  }
  Bus open() {
    journal_ = std::make_shared<detail::JournalImpl>(options(), files_);
    return Bus::open({.persistence = journal_}).value();
  }

  test::TemporaryDirectory directory_;
  test::FaultyFileSystem files_{detail::posix_file_system(), directory_.path()};
  std::shared_ptr<Journal> journal_;
};

TEST_F(DurablePublish, returns_when_the_event_is_durable) {
  Bus bus = open();
  Publisher publisher = bus.publisher("a").value();
  for (int i = 0; i < 20; ++i) {
    const PublishResult published = publisher.publish(bytes("x"), {.durable = true});
    ASSERT_TRUE(published) << publisher.last_error();
    EXPECT_GT(journal_->durable_position(0), published.position);
  }
}

TEST_F(DurablePublish, shares_a_sync_with_those_who_wait_beside_it) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kEach = 50;
  Bus bus = open();
  const std::uint64_t before = files_.count(test::Call::sync);
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> durable{0};
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Publisher publisher = bus.publisher("a." + std::to_string(i)).value();
      for (std::uint64_t n = 0; n < kEach; ++n) {
        const PublishResult published = publisher.publish(bytes("x"), {.durable = true});
        if (published && journal_->durable_position(0) > published.position) ++durable;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(durable, kThreads * kEach);
  // One of the control log and one of the segment each time.
  EXPECT_LE(files_.count(test::Call::sync) - before, 2 * kThreads * kEach + 10);
}

TEST_F(DurablePublish, says_that_nothing_is_known_when_the_disk_fails) {
  Bus bus = open();
  Publisher publisher = bus.publisher("a").value();
  Subscription subscription = bus.subscribe({.topic = "a"}).value();
  ASSERT_TRUE(publisher.publish(bytes("first"), {.durable = true}));
  files_.fail({.calls = test::Call::sync, .error_number = EIO, .times = test::Fault::Times::from_then_on});
  const PublishResult published = publisher.publish(bytes("second"), {.durable = true, .deadline = 50ms});
  EXPECT_EQ(published.status, PublishStatus::durability_unknown);
  EXPECT_GT(published.position, 0U) << "it is published";
  EXPECT_LE(journal_->durable_position(0), published.position);
  const Error error = publisher.last_error();
  EXPECT_EQ(error.code, ErrorCode::durability_unknown);
  EXPECT_NE(error.message.find("position " + std::to_string(published.position)), std::string::npos) << error;
  std::vector<std::string> seen;
  (void)subscription.poll([&](const EventView& event) { seen.emplace_back(event.text()); });
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "second"})) << "subscribers don't wait for the disk";
}

TEST(DurablePublishWithoutJournal, is_refused_before_anything_is_published) {
  for (const auto& persistence : {std::shared_ptr<Persistence>(), memory_persistence()}) {
    Bus bus = Bus::open({.persistence = persistence}).value();
    Publisher publisher = bus.publisher("a").value();
    EXPECT_EQ(publisher.publish(bytes("x"), {.durable = true}).status, PublishStatus::unsupported);
    EXPECT_NE(publisher.last_error().message.find("open it with a journal"), std::string::npos);
    EXPECT_EQ(bus.metrics().shards[0].tail, 0U);
  }
}

}  // namespace
}  // namespace sluice

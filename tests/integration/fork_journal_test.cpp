// What a forked child must not take from its parent's journal: its lock, its ring, its files, its good end.
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "integration/forked_child.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kEvents = 1'000;

void publish(Bus& bus, std::uint64_t events) {
  auto publisher = bus.publisher("a").value();
  for (std::uint64_t i = 0; i < events; ++i) ASSERT_TRUE(publisher.publish(bytes_of("x")).ok());
}

std::uint64_t kept(Persistence& persistence) {
  std::uint64_t events = 0;
  EXPECT_TRUE(persistence.read(0, 0, [&](const EventView&) { return ++events != 0; }));
  return events;
}

TEST(ForkJournal, of_a_parent_whose_child_has_destroyed_its_bus_keeps_everything_and_is_closed_in_order) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  const std::string path = directory.file("journal");
  auto mine = journal(path);
  std::optional bus = Bus::open({.persistence = mine}).value();
  publish(*bus, kEvents);
  Gate destroyed;
  Gate closed;
  // It lives on until the parent has closed, and opened again: with what it was forked with.
  const pid_t child = start_child([&](InChild& found) {
    found.expect(!bus->publish("a", "never"), "publish() is refused");
    bus.reset();
    mine.reset();
    destroyed.open();
    closed.await();
  });
  destroyed.await();
  publish(*bus, kEvents);
  bus->close();
  bus.reset();

  const auto again = journal(path);
  const auto reopened = Bus::open({.persistence = again});
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_TRUE(again->recovery().was_closed);
  EXPECT_EQ(kept(*again), 2 * kEvents);
  closed.open();
  EXPECT_EQ(status_of(child), 0);
}

TEST(ForkJournal, of_a_parent_that_is_killed_is_not_held_by_the_child_that_lives_on) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  const std::string path = directory.file("journal");
  Gate recovered;
  int pids[2] = {-1, -1};
  ASSERT_EQ(::pipe(pids), 0);
  const pid_t parent = start_child([&](InChild&) {
    auto mine = journal(path);
    std::optional bus = Bus::open({.persistence = mine}).value();
    publish(*bus, kEvents);
    const pid_t child = start_child([&](InChild& found) {
      found.expect(!bus->publish("a", "never"), "publish() is refused");
      const char ready = 1;
      (void)!::write(pids[1], &ready, 1);
      recovered.await();
    });
    if (child > 0) ::pause();
  });
  char ready = 0;
  ASSERT_EQ(::read(pids[0], &ready, 1), 1);
  ::kill(parent, SIGKILL);
  EXPECT_EQ(status_of(parent), 128 + SIGKILL);

  const auto again = journal(path);
  const auto reopened = Bus::open({.persistence = again});
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_FALSE(again->recovery().was_closed);
  EXPECT_EQ(again->recovery().ring, "") << "the child has left the ring's file alone";
  EXPECT_EQ(kept(*again), kEvents);
  recovered.open();
  ::close(pids[0]);
  ::close(pids[1]);
}

}  // namespace
}  // namespace sluice::test

// A subscriber that does not keep up, three times: who waits, who loses what, and who is told.
#include <chrono>
#include <cstdint>
#include <future>
#include <iostream>
#include <string>

#include "sluice/sluice.hpp"

namespace {

using namespace std::chrono_literals;

void say(bool as_expected, const std::string& text) {
  std::cout << (as_expected ? "   " : "WRONG: ") << text << "\n\n";
}

/// `block`: the publisher waits, up to its deadline; then it is told who held it.
bool block() {
  std::cout << "block: producers wait\n";
  auto bus = sluice::Bus::open({.publish_deadline = 20ms, .capacity_bytes = 4096}).value();
  auto ledger = bus.subscribe({.topic = "ticks", .name = "ledger"}).value();
  auto ticks = bus.publisher<std::uint64_t>("ticks").value();

  sluice::PublishResult result;
  while ((result = ticks.publish(ticks.published()))) {
  }
  const sluice::Error error = ticks.last_error();
  const bool named = result.status == sluice::PublishStatus::timed_out &&
                     error.message.find("\"ledger\"") != std::string::npos;
  say(named, "after " + std::to_string(ticks.published()) + " events: " + error.to_string());
  return named;
}

/// `drop_oldest`: nobody waits; the subscriber skips what was overwritten and knows how much that was.
bool drop_oldest() {
  std::cout << "drop_oldest: the slow one loses, and the loss is counted\n";
  auto bus = sluice::Bus::open({.capacity_bytes = 4096}).value();
  auto screen =
      bus.subscribe({.topic = "ticks", .overload = sluice::Overload::drop_oldest, .name = "screen"}).value();
  auto ticks = bus.publisher<std::uint64_t>("ticks").value();
  for (std::uint64_t i = 0; i < 10'000; ++i) ticks.publish(i);

  std::uint64_t last = 0;
  screen.poll([&](const sluice::EventView& event) { last = event.as<std::uint64_t>(); });
  const bool counted = screen.received() + screen.lost() == 10'000 && last == 9'999;
  say(counted, screen.name() + " saw " + std::to_string(screen.received()) +
                   " of 10000, up to the last, and lost " + std::to_string(screen.lost()));
  return counted;
}

/// `evict`: producers wait for it, but only so long; then it is out, and named.
bool evict() {
  std::cout << "evict: producers wait, but not for ever\n";
  std::promise<sluice::Notice> told;
  auto on_notice = [&](const sluice::Notice& notice) { told.set_value(notice); };  // on a thread of the bus
  auto bus = sluice::Bus::open({.on_notice = on_notice, .capacity_bytes = 4096}).value();
  auto stuck =
      bus.subscribe(
             {.topic = "ticks", .overload = sluice::Overload::evict, .evict_after = 20ms, .name = "stuck"})
          .value();
  auto ticks = bus.publisher<std::uint64_t>("ticks").value();
  for (std::uint64_t i = 0; i < 1'000; ++i) ticks.publish(i);

  auto notices = told.get_future();
  if (notices.wait_for(5s) != std::future_status::ready) return false;
  const sluice::Notice notice = notices.get();
  const bool named = notice.code == sluice::ErrorCode::evicted && notice.subscription == "stuck";
  say(named, "notice: " + notice.message);
  const auto status = stuck.poll([](const sluice::EventView&) {}).status;
  return named && ticks.published() == 1'000 && status == sluice::PollStatus::evicted;
}

}  // namespace

int main() {
  return block() && drop_oldest() && evict() ? 0 : 1;
}

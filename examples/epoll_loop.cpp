// A bus in an epoll loop: a subscription's descriptor beside a timer's, one thread, no polling while idle.
#include <array>
#include <cstdint>
#include <iostream>
#include <thread>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sluice/sluice.hpp"

namespace {

constexpr std::uint64_t kEvents = 10'000;

void watch(int epoll, int fd) {
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
}

int timer_of(long period_ns) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  const itimerspec period{{0, period_ns}, {0, period_ns}};
  ::timerfd_settime(timer, 0, &period, nullptr);
  return timer;
}

}  // namespace

int main() {
  auto bus = sluice::Bus::open().value();
  auto packets = bus.subscribe({.topic = "packets.>"}).value();
  const int bus_fd = packets.event_fd().value();  // the subscription's: never read, write or close it
  const int timer_fd = timer_of(1'000'000);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, bus_fd);
  watch(epoll, timer_fd);

  std::jthread network([&bus] {
    auto publisher = bus.publisher<std::uint64_t>("packets.udp").value();
    for (std::uint64_t i = 1; i <= kEvents; ++i) publisher.publish(i);
  });

  std::uint64_t sum = 0;
  std::uint64_t wakes = 0;
  std::uint64_t timer_ticks = 0;
  while (packets.received() < kEvents || timer_ticks < 3) {
    std::array<epoll_event, 4> ready;
    const int count = ::epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), 5'000);
    if (count == 0) return 1;  // five seconds without either: something is broken
    for (int i = 0; i < count; ++i) {
      if (ready[static_cast<std::size_t>(i)].data.fd == bus_fd) {
        // A bounded bite, so that the timer gets its turn; what is left keeps the descriptor readable.
        packets.poll([&](const sluice::EventView& event) { sum += event.as<std::uint64_t>(); }, 512);
        ++wakes;
      } else {
        std::uint64_t expirations = 0;
        if (::read(timer_fd, &expirations, sizeof expirations) > 0) timer_ticks += expirations;
      }
    }
  }
  ::close(timer_fd);
  ::close(epoll);
  std::cout << packets.received() << " packets in " << wakes << " turns of the loop, and the timer ticked "
            << timer_ticks << " times meanwhile\n";
  return sum == kEvents * (kEvents + 1) / 2 ? 0 : 1;
}

// The smallest whole program: open a bus, subscribe, publish, and read what came.
#include <cstddef>
#include <iostream>

#include "sluice/sluice.hpp"

int main() {
  // Every call that can fail for a reason returns a `Result`. Its `value()` throws, with the reason, when
  // there is none; typed.cpp shows how to look first.
  auto bus = sluice::Bus::open().value();
  auto orders = bus.subscribe({.topic = "orders.*"}).value();

  bus.publish("orders.new", "42 pears").value();
  bus.publish("orders.cancelled", "7 plums").value();
  bus.publish("weather", "rain").value();  // of no interest to this subscription

  // `poll` calls the handler for every event that is there, on this thread, and never waits.
  const std::size_t events = orders
                                 .poll([](const sluice::EventView& event) {
                                   std::cout << event.topic() << ": " << event.text() << '\n';
                                 })
                                 .events;
  return events == 2 ? 0 : 1;
}

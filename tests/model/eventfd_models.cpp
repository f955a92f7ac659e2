#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// Waiting in an event loop: the protocol of sleeping (log/parking.hpp, log/sleep.hpp) with a descriptor that
/// is readable in place of a thread that is awake (src/bus/waiting.cpp). What must not happen: that the loop
/// waits on while there is something to see, above all when the descriptor has only just been opened.
namespace sluice::model {
namespace {

/// A subscription that an event loop waits for: the same protocol, with a descriptor that is readable in
/// place of a thread that is awake.
class EventLoop {
 public:
  EventLoop(ShardModel& shard, Sleeper& sleeper) : sleeper_(&sleeper) {
    // SYNC event-fd: made before a waker may signal it.
    shard.waiter().event_fd.store(kFd, std::memory_order_release);
    arm();
  }
  void arm() {
    if (sleeper_->is_armed()) return;
    sleeper_->rise();
    Policy::signal(kFd);
  }
  void await_readable() {
    Policy::await_signal(kFd);
    sleeper_->rise();
  }

 private:
  static constexpr int kFd = 3;
  Sleeper* sleeper_;
};

std::shared_ptr<ShardModel> event_loop(Scenario& s, std::uint64_t records) {
  auto m = std::make_shared<ShardModel>(RingSetup{});
  s.thread("publisher", [m, records] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= records; ++number) (void)publisher.publish(number);
  });
  s.thread("event loop", [m, records] {
    Sleeper sleeper(*m);
    EventLoop loop(*m, sleeper);
    for (std::uint64_t seen = 0; seen < records;) {
      loop.await_readable();
      while (const auto record = sleeper.try_next()) require(record->number == ++seen, "each once, in order");
      loop.arm();
    }
  });
  return m;
}

/// Somebody who wakes all sleepers for want of room may meet the slot before its descriptor is known.
void event_loop_beside_a_failure(Scenario& s) {
  auto m = event_loop(s, 1);
  s.thread("too large", [m] {
    require(Teller(*m).try_claim(9, 1, 128).status == ClaimStatus::would_block, "it never fits");
  });
}

void event_loop_woken_for_a_reason(Scenario& s) {
  struct Told {
    Told() { reason.name("reason"); }
    ShardModel shard{RingSetup{}};
    Policy::Atomic<std::uint32_t> reason{0};
  };
  auto m = std::make_shared<Told>();
  s.thread("teller", [m] {
    m->reason.store(1, std::memory_order_relaxed);  // released by the wake
    m->shard.waiter().wake();
  });
  s.thread("event loop", [m] {
    Sleeper sleeper(m->shard);
    sleeper.stops_when([&] { return m->reason.load(std::memory_order_relaxed) != 0; });
    EventLoop loop(m->shard, sleeper);
    loop.await_readable();
    require(!sleeper.is_armed(), "the reason is seen");
  });
}

}  // namespace

std::vector<Model> eventfd_models() {
  return {
      {.name = "eventfd: an armed one becomes readable when there is something to read",
       .setup = [](Scenario& s) { (void)event_loop(s, 2); }},
      {.name = "eventfd: one that is just opened is not forgotten by who finds no room",
       .setup = event_loop_beside_a_failure},
      {.name = "eventfd: one that is just opened tells of a reason other than an event",
       .setup = event_loop_woken_for_a_reason},
  };
}

}  // namespace sluice::model

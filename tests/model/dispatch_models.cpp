#include <array>
#include <span>
#include <string>

#include "sluice/log/retirement.hpp"
#include "sluice/log/start_line.hpp"

#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// Handlers that come and go while one thread dispatches events to them (log/start_line.hpp,
/// log/retirement.hpp), with routes as the bus has them (src/bus/dispatch_routes.hpp). What must not happen:
/// that an event is missed from the position on that the adder was told, or seen below it; that a call runs,
/// or a poll has a handler in hand, when it is destroyed.
namespace sluice::model {
namespace {

using Start = Policy::Atomic<std::uint64_t>;

/// A handler; its callable is there while `alive` is 1.
struct Handler {
  Handler() { alive.name("callable"); }

  void call() {
    require(alive.get() == 1, "a callable is called only between its making and its destruction");
    state.set(state.get() + 1);
  }
  [[nodiscard]] std::span<Start> starts() { return {&start, 1}; }

  Start start{log::kHooking};
  Var<std::uint64_t> alive{0};
  Var<std::uint64_t> state{0};  ///< the callable's own: counts calls
};

using ModelRetirement = log::Retirement<Policy, Handler>;

/// The lock of a dispatcher's owner.
class Lock {
 public:
  template <class Body>
  void with(Body&& body) {
    await([&] { return held_.exchange(1, std::memory_order_acquire) == 0; });
    body();
    held_.store(0, std::memory_order_release);
  }

 private:
  Policy::Atomic<std::uint32_t> held_{0};
};

// ---- adding -------------------------------------------------------------------------------------------

struct Adding {
  Adding() {
    for (auto& route : routes) route.name("route");
    handler.start.name("start");
  }

  /// Has all routes lead to the handler and says from which position on it is called.
  std::uint64_t add() {
    handler.alive.set(1);
    // SYNC route: the handler is built.
    for (auto& route : routes) route.store(1, std::memory_order_release);
    log::begin_deciding<Policy>(handler.starts());
    return log::decide_start(handler.start, shard.ring.tail());
  }
  void dispatch(const GateReader::Record& event) {
    log::before_route<Policy>();
    // SYNC route: see `add`.
    if (routes[event.topic - 1].load(std::memory_order_acquire) == 0) return;
    retirement.begin_call(handler);
    if (log::has_started(handler.start, event.position, [&] { return shard.ring.tail(); })) {
      require(event.position >= last_called, "in order");
      last_called = event.position + 32;
      handler.call();
    }
    retirement.end_call();
  }

  ShardModel shard{{.capacity_bytes = 256}};
  std::array<Policy::Atomic<std::uint64_t>, 2> routes{};  ///< by topic, less one; 0: nobody
  Handler handler;
  ModelRetirement retirement;
  std::uint64_t from = 0;  ///< what the adder was told
  std::uint64_t last_called = 0;
};

/// `topics`: of the events in turn.
void add_while_dispatching(Scenario& s, const std::vector<std::uint32_t>& topics) {
  auto m = std::make_shared<Adding>();
  s.thread("publisher", [m, topics] {
    Teller publisher(m->shard);
    for (const std::uint32_t topic : topics) (void)publisher.publish(7, topic);
  });
  s.thread("dispatcher", [m, topics] {
    GateReader reader(m->shard);
    for (std::size_t i = 0; i < topics.size(); ++i) m->dispatch(reader.next());
  });
  s.thread("adder", [m] { m->from = m->add(); });
  s.finally([m, topics] {
    require(m->from % 32 == 0 && m->from <= 32 * topics.size(), "a start is a position of the log");
    require(m->handler.state.get() == topics.size() - m->from / 32,
            "it sees each event from its start on, and none below");
    outcome({static_cast<std::int64_t>(m->handler.state.get())});
  });
}

// ---- removing -----------------------------------------------------------------------------------------

/// A handler that is called by one thread, and taken away by others.
struct Removing {
  Removing() {
    handler.alive.set(1);
    handler.start.store(0, std::memory_order_relaxed);
  }

  void dispatch(std::uint64_t events) {
    for (std::uint64_t event = 0; event < events; ++event) {
      retirement.begin_call(handler);
      if (log::has_started(handler.start, 32 * event, [] { return std::uint64_t{0}; })) handler.call();
      retirement.end_call();
    }
  }
  /// Returns when no call runs, and none can begin.
  void remove() {
    log::remove_starts(handler.starts());
    retirement.fence_off();
    if (retirement.is_running(handler)) retirement.await(handler, kForEver);
  }

  Handler handler;
  ModelRetirement retirement;
};

void remove_while_calling(Scenario& s, std::uint64_t events) {
  auto m = std::make_shared<Removing>();
  s.thread("dispatcher", [m, events] { m->dispatch(events); });
  s.thread("remover", [m] {
    m->remove();
    m->handler.alive.set(0);
  });
  s.finally([m] { outcome({static_cast<std::int64_t>(m->handler.state.get())}); });
}

/// Its call is over when another handler's has begun.
void remove_behind_another(Scenario& s) {
  auto m = std::make_shared<Removing>();
  auto other = std::make_shared<Handler>();
  s.thread("dispatcher", [m, other] {
    m->dispatch(1);
    m->retirement.begin_call(*other);
    m->retirement.end_call();
  });
  s.thread("remover", [m] {
    m->remove();
    m->handler.alive.set(0);
  });
  s.finally([m] { outcome({static_cast<std::int64_t>(m->handler.state.get())}); });
}

/// Both may wait for the same call; each then counts on its being over.
void remove_twice(Scenario& s) {
  auto m = std::make_shared<Removing>();
  s.thread("dispatcher", [m] { m->dispatch(1); });
  for (const int remover : {1, 2}) {
    s.thread("remover" + std::to_string(remover), [m] {
      m->remove();
      require(m->handler.state.get() <= 1, "what the callable changed is at rest");
    });
  }
}

// ---- freeing ------------------------------------------------------------------------------------------

/// What a route leads to, and is freed once no poll can have it in hand.
struct Freeing {
  Freeing() {
    handler.alive.set(1);
    route.name("route");
  }

  void poll() {
    retirement.enter_poll();
    // SYNC route: what it leads to.
    if (route.load(std::memory_order_acquire) == 1) require(handler.alive.get() == 1, "what a poll found");
    if (!retirement.leave_poll()) return;
    lock.with([&] {
      retirement.fence_off();  // for a poll that has begun since
      free_if_unreachable();
    });
  }
  void take_out() {
    lock.with([&] {
      // SYNC route: nothing, which is as good as what it led to.
      route.store(0, std::memory_order_release);
      is_retired.set(1);
      retirement.note_retired();
      retirement.fence_off();
      free_if_unreachable();
    });
  }
  /// The lock is held.
  void free_if_unreachable() {
    if (!retirement.take_note_if_unreachable() || is_retired.get() == 0) return;
    is_retired.set(0);
    handler.alive.set(0);
  }

  Lock lock;
  Policy::Atomic<std::uint64_t> route{1};
  Var<std::uint64_t> is_retired{0};
  Handler handler;
  ModelRetirement retirement;
};

void free_while_polling(Scenario& s, std::uint64_t pollers, std::uint64_t polls) {
  auto m = std::make_shared<Freeing>();
  for (std::uint64_t poller = 0; poller < pollers; ++poller) {
    s.thread("poller" + std::to_string(poller), [m, polls] {
      for (std::uint64_t i = 0; i < polls; ++i) m->poll();
    });
  }
  s.thread("remover", [m] { m->take_out(); });
  s.finally([m] { require(m->handler.alive.get() == 0, "when all is over it has been freed"); });
}

}  // namespace

std::vector<Model> dispatch_models() {
  return {
      {.name = "dispatch: a handler that is added sees every event from where it starts, and none below",
       .setup =
           [](Scenario& s) {
             add_while_dispatching(s, {1, 1});
           },
       .must_occur = {"0", "1", "2"}},
      {.name = "dispatch: a handler of several topics starts at one position for all",
       .setup =
           [](Scenario& s) {
             add_while_dispatching(s, {1, 2});
           },
       .must_occur = {"0", "1", "2"}},
      {.name = "dispatch: drawn schedules of adding during a longer stream",
       .options = {.stale_reads = 3, .random_schedules = 2'000},
       .setup =
           [](Scenario& s) {
             add_while_dispatching(s, {1, 2, 2, 1, 2, 1});
           }},
      {.name = "dispatch: once a handler is removed no call runs",
       .setup = [](Scenario& s) { remove_while_calling(s, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "dispatch: a call is over when another handler is seen running",
       .setup = remove_behind_another,
       .must_occur = {"0", "1"}},
      {.name = "dispatch: two that remove a handler both wait for its call", .setup = remove_twice},
      {.name = "dispatch: what a poll has in hand is not freed under it, and is freed in the end",
       .setup = [](Scenario& s) { free_while_polling(s, 1, 2); }},
      {.name = "dispatch: several polls at once, of which the last one frees",
       .setup = [](Scenario& s) { free_while_polling(s, 2, 1); }},
  };
}

}  // namespace sluice::model

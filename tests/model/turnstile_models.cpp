#include <string>

#include "sluice/log/turnstile.hpp"

#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// A subscription's poller, and those who ask it to end (log/turnstile.hpp). What must not happen: two inside
/// at once, which is a race on what is guarded; a request that is not carried out once all have gone, or is
/// carried out twice.
namespace sluice::model {
namespace {

using ModelTurnstile = log::Turnstile<Policy>;

/// A turnstile and what lies behind it.
struct Guarded {
  Guarded() { has_left.name("has_left"); }

  /// What is carried out: once, however often it is called, and inside.
  void leave_once() {
    if (has_left.get() != 0) return;
    has_left.set(1);
    leaves.set(leaves.get() + 1);
  }
  void exit() {
    turnstile.exit([this] { leave_once(); });
  }
  void ask(std::uint32_t bits, std::uint64_t self) {
    turnstile.ask(bits);
    turnstile.carry_out_unless_busy(self, [this] { leave_once(); });
  }
  /// A poll, if nobody is inside: looks at what is guarded, and changes it.
  void poll(std::uint64_t self) {
    if (turnstile.try_enter(self) != 0) return;
    require(turnstile.is_inside(self), "who is inside knows it");
    // Who was inside before, and left for good, is seen to have done so.
    if (has_left.get() == 0) polls.set(polls.get() + 1);
    exit();
  }

  ModelTurnstile turnstile;
  Var<std::uint64_t> has_left{0};
  Var<std::uint64_t> leaves{0};
  Var<std::uint64_t> polls{0};
};

void carried_out_once(Scenario& s, const std::shared_ptr<Guarded>& m) {
  s.finally([m] {
    require(m->leaves.get() == 1, "the request is carried out, once");
    require(m->turnstile.is_inside(0), "nobody is left inside");
    outcome({static_cast<std::int64_t>(m->polls.get())});
  });
}

/// `askers` ask while one thread polls time and again.
void asked_while_polling(Scenario& s, std::uint64_t polls, std::uint64_t askers) {
  auto m = std::make_shared<Guarded>();
  s.thread("poller", [m, polls] {
    for (std::uint64_t i = 0; i < polls; ++i) m->poll(1);
  });
  for (std::uint64_t asker = 0; asker < askers; ++asker) {
    s.thread("asker" + std::to_string(asker), [m, asker] { m->ask(1u << asker, 2 + asker); });
  }
  carried_out_once(s, m);
}

/// Two threads poll by turns, as a subscription that is handed around; the one that comes too early goes away
/// empty-handed.
void two_pollers(Scenario& s, bool with_asker) {
  auto m = std::make_shared<Guarded>();
  s.thread("first", [m] { m->poll(1); });
  s.thread("second", [m] { m->poll(2); });
  if (!with_asker) {
    s.finally([m] { outcome({static_cast<std::int64_t>(m->polls.get())}); });
    return;
  }
  s.thread("asker", [m] { m->ask(1, 3); });
  carried_out_once(s, m);
}

/// Who is inside sees an announcement by the time that the request is carried out.
void announced(Scenario& s) {
  auto m = std::make_shared<Guarded>();
  s.thread("poller", [m] { m->poll(1); });
  s.thread("evictor", [m] {
    m->turnstile.announce(2);
    m->ask(1, 2);
  });
  s.finally([m] { require(m->turnstile.asked() == 3, "all that was asked for stands"); });
  carried_out_once(s, m);
}

/// The poller sleeps inside, as a subscription does that waits for an event: the request wakes it, and it
/// carries it out on its way.
void asked_while_sleeping(Scenario& s) {
  struct Sleeping : Guarded {
    ShardModel shard{RingSetup{}};
  };
  auto m = std::make_shared<Sleeping>();
  s.thread("sleeper", [m] {
    if (m->turnstile.try_enter(1) != 0) return;
    Sleeper sleeper(m->shard);
    sleeper.stops_when([&] { return m->turnstile.is_asked(); });
    require(!sleeper.next().has_value(), "nothing was published");
    m->exit();
  });
  s.thread("asker", [m] {
    m->turnstile.ask(1);
    // Before leaving, which may take the eventfd away.
    m->shard.waiter().wake();
    m->turnstile.carry_out_unless_busy(2, [m] { m->leave_once(); });
  });
  carried_out_once(s, m);
}

}  // namespace

std::vector<Model> turnstile_models() {
  return {
      {.name = "turnstile: a request is carried out once beside a poller that comes and goes",
       .setup = [](Scenario& s) { asked_while_polling(s, 2, 1); },
       .must_occur = {"0", "1", "2"}},
      {.name = "turnstile: two requests at once are carried out once",
       .setup = [](Scenario& s) { asked_while_polling(s, 1, 2); },
       .must_occur = {"0", "1"}},
      {.name = "turnstile: two pollers are never inside at once",
       .setup = [](Scenario& s) { two_pollers(s, false); },
       .must_occur = {"1", "2"}},
      {.name = "turnstile: a request is carried out once between two pollers",
       .setup = [](Scenario& s) { two_pollers(s, true); },
       .must_occur = {"0", "1", "2"}},
      {.name = "turnstile: what was announced ahead of a request stands with it",
       .setup = announced,
       .must_occur = {"0", "1"}},
      {.name = "turnstile: who sleeps inside comes out to carry a request out",
       .setup = asked_while_sleeping},
  };
}

}  // namespace sluice::model

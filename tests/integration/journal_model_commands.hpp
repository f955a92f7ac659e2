#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include <rapidcheck.h>

#include "sluice/journal/journal.hpp"

/// What the journal's model test does to a journal. Commands are drawn without knowing what the journal holds
/// by then, so that any of them can be left out while a failure is made smaller: places are in parts of a
/// log.
namespace sluice::test::model {

using namespace std::chrono_literals;

/// How a journal is opened.
struct Setup {
  std::size_t capacity_bytes = 8 * 1024;
  std::uint64_t first_segment_bytes = 16 * 1024;
  std::uint64_t most_segment_bytes = 16 * 1024;
  bool has_ring_file = true;
  bool syncs = false;  ///< every millisecond
  Retention limits{};
  std::uint32_t shards = 1;  ///< or as many as there were, if those are more
};

struct Publish {
  enum class How : std::uint8_t { single, batch, cut_claim, given_up };
  How how = How::single;
  std::uint32_t times = 1;
  std::uint32_t topic = 0;
  std::uint32_t bytes = 0;  ///< less where the ring is too small for it
  std::uint32_t metadata = 0;
  std::chrono::nanoseconds ttl{0};
  std::int64_t timestamp_ns = 0;
  bool has_id = false;
};
struct StepClock {
  std::int64_t by_ns = 0;
};
struct Retain {};
/// A place in the kept part of a shard's log: 0 where it begins, 100 where it ends; or before, or behind.
struct Place {
  std::uint32_t shard = 0;
  std::int32_t percent = 0;
  std::uint32_t off_by = 0;  ///< bytes, so that it is no record's
};
struct Read {
  Place from{};
  std::uint32_t most_events = 0;
};
struct StoreCursor {
  std::uint32_t name = 0;
  Place at{};
  CursorRetention retention = CursorRetention::gap;
};
struct RemoveCursor {
  std::uint32_t name = 0;
  std::uint32_t shard = 0;
};
struct Reopen {
  enum class Ending : std::uint8_t { closed, destroyed, killed };
  Ending ending = Ending::closed;
  std::uint32_t unjournaled = 0;  ///< events that a killed process published last, and never journaled
  Setup setup{};
};

using AnyCommand = std::variant<Publish, StepClock, Retain, Read, StoreCursor, RemoveCursor, Reopen>;
struct Command {
  AnyCommand what{};
};

inline Retention any_limits() {
  Retention limits;
  if (*rc::gen::inRange(0, 3) == 0) limits.age = *rc::gen::element<std::chrono::nanoseconds>(1s, 1min, 1h);
  if (*rc::gen::inRange(0, 3) == 0) limits.bytes = *rc::gen::element<std::uint64_t>(2, 3, 4, 8);  // files
  if (*rc::gen::inRange(0, 3) == 0) limits.events = *rc::gen::element<std::uint64_t>(1, 10, 100, 500);
  return limits;
}

inline Setup any_setup() {
  const auto size = [] { return *rc::gen::element<std::uint64_t>(16, 16, 32, 64) * 1024; };
  Setup setup;
  setup.capacity_bytes = *rc::gen::element<std::size_t>(8, 16, 64) * 1024;
  const std::uint64_t one = size();
  const std::uint64_t other = size();
  setup.first_segment_bytes = std::min(one, other);
  setup.most_segment_bytes = std::max(one, other);
  setup.has_ring_file = *rc::gen::element(true, true, false);
  setup.syncs = *rc::gen::element(false, false, true);
  setup.limits = any_limits();
  if (setup.limits.bytes) *setup.limits.bytes *= setup.most_segment_bytes + 4096;
  setup.shards = *rc::gen::element(1U, 2U, 3U);
  return setup;
}

inline Place any_place() {
  return {*rc::gen::inRange(0U, 3U), *rc::gen::resize(100, rc::gen::inRange(-40, 120)),
          *rc::gen::element(0U, 0U, 32U, 7U)};
}

inline AnyCommand any_publish() {
  Publish publish;
  publish.how = *rc::gen::element(Publish::How::single, Publish::How::single, Publish::How::single,
                                  Publish::How::batch, Publish::How::cut_claim, Publish::How::given_up);
  publish.times = *rc::gen::inRange(1U, 60U);
  publish.topic = *rc::gen::inRange(0U, 12U);
  publish.bytes = *rc::gen::oneOf(rc::gen::inRange(0U, 100U), rc::gen::inRange(0U, 2'000U));
  publish.metadata = *rc::gen::element(0U, 0U, 1U, 3U);
  publish.ttl = *rc::gen::element<std::chrono::nanoseconds>(0ns, 0ns, 0ns, 1ns, 1s, 1min, 1h,
                                                            std::chrono::nanoseconds::max());
  publish.timestamp_ns = *rc::gen::oneOf(rc::gen::just(std::int64_t{0}), rc::gen::arbitrary<std::int64_t>());
  publish.has_id = *rc::gen::element(false, false, true);
  return publish;
}

inline AnyCommand any_step() {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return StepClock{*rc::gen::element<std::int64_t>(1, kSecond - 1, kSecond, 61 * kSecond, 3'601 * kSecond, -1,
                                                   -kSecond, -3'600 * kSecond, -86'400 * kSecond)};
}

inline AnyCommand any_store() {
  return StoreCursor{*rc::gen::inRange(0U, 3U), any_place(),
                     *rc::gen::element(CursorRetention::gap, CursorRetention::hold)};
}

inline AnyCommand any_reopen() {
  const auto ending =
      *rc::gen::element(Reopen::Ending::closed, Reopen::Ending::destroyed, Reopen::Ending::killed);
  return Reopen{ending, *rc::gen::element(0U, 0U, 5U, 40U), any_setup()};
}

inline rc::Gen<std::vector<Command>> any_commands() {
  const auto command = [](auto draw) { return rc::gen::exec([draw] { return Command{draw()}; }); };
  return rc::gen::container<std::vector<Command>>(rc::gen::weightedOneOf<Command>({
      {10, command(any_publish)},
      {4, command(any_step)},
      {3, command([]() -> AnyCommand { return Retain{}; })},
      {3, command([]() -> AnyCommand {
         return Read{any_place(), *rc::gen::inRange(0U, 50U)};
       })},
      {2, command(any_store)},
      {2, command([]() -> AnyCommand {
         return RemoveCursor{*rc::gen::inRange(0U, 3U), *rc::gen::inRange(0U, 3U)};
       })},
      {2, command(any_reopen)},
  }));
}

// What a failure shows.

inline std::ostream& operator<<(std::ostream& out, const Setup& setup) {
  out << setup.shards << " shards, ring " << setup.capacity_bytes << (setup.has_ring_file ? " in a file" : "")
      << ", segments " << setup.first_segment_bytes << " to " << setup.most_segment_bytes;
  if (setup.syncs) out << ", synced";
  if (setup.limits.age) out << ", age " << setup.limits.age->count();
  if (setup.limits.bytes) out << ", bytes " << *setup.limits.bytes;
  if (setup.limits.events) out << ", events " << *setup.limits.events;
  return out;
}
inline std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << "shard " << place.shard << " at " << place.percent << "% + " << place.off_by;
}
inline std::ostream& operator<<(std::ostream& out, const Publish& publish) {
  constexpr std::array kHow{"publish", "publish_batch", "claim_and_commit_less", "claim_and_abort"};
  out << kHow[static_cast<std::size_t>(publish.how)] << " " << publish.times << " x " << publish.bytes
      << " bytes to t" << publish.topic << ", " << publish.metadata << " pairs, ttl " << publish.ttl.count()
      << ", timestamp " << publish.timestamp_ns;
  return out << (publish.has_id ? ", own id" : "");
}
inline std::ostream& operator<<(std::ostream& out, const StepClock& step) {
  return out << "step clock by " << step.by_ns << " ns";
}
inline std::ostream& operator<<(std::ostream& out, const Retain&) {
  return out << "retain";
}
inline std::ostream& operator<<(std::ostream& out, const Read& read) {
  return out << "read " << read.most_events << " events from " << read.from;
}
inline std::ostream& operator<<(std::ostream& out, const StoreCursor& store) {
  return out << "store cursor " << store.name << (store.retention == CursorRetention::hold ? " (hold) " : " ")
             << store.at;
}
inline std::ostream& operator<<(std::ostream& out, const RemoveCursor& remove) {
  return out << "remove cursor " << remove.name << " of shard " << remove.shard;
}
inline std::ostream& operator<<(std::ostream& out, const Reopen& reopen) {
  constexpr std::array kEnding{"close", "destroy", "kill"};
  return out << kEnding[static_cast<std::size_t>(reopen.ending)] << " (" << reopen.unjournaled
             << " unjournaled), open with " << reopen.setup;
}
inline std::ostream& operator<<(std::ostream& out, const Command& command) {
  std::visit([&](const auto& what) { out << what; }, command.what);
  return out << "\n";
}

}  // namespace sluice::test::model

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bus/persistence.hpp"

/// How the persistence suite gets at what it tests.
namespace sluice::conformance {

/// One implementation under test.
class Maker {
 public:
  virtual ~Maker() = default;
  /// What the next bus of the same log is given: the same object again, or another one of the same place.
  virtual std::shared_ptr<Persistence> make() = 0;
  /// Has it let go of what ends at or below a position, where it can be made to; false where it can't.
  virtual bool forget_below(Persistence&, std::uint32_t /*shard*/, std::uint64_t /*position*/) {
    return false;
  }
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Maker>()> maker;
};

/// An event's every part, as far as history must give it back.
struct Seen {
  EventId id;
  std::string topic;
  std::uint64_t position;
  std::int64_t timestamp_ns;
  std::int64_t expires_at_ns;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string payload;

  explicit Seen(const EventView& event)
      : id(event.id()),
        topic(event.topic()),
        position(event.position()),
        timestamp_ns(event.timestamp_ns()),
        expires_at_ns(event.expires_at_ns()),
        payload(event.text()) {
    for (const auto& [key, value] : event.metadata()) metadata.emplace_back(key, value);
  }
  friend bool operator==(const Seen&, const Seen&) = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << seen.topic << "@" << seen.position << " " << seen.id.to_string() << " \"" << seen.payload << "\"";
  }
};
using History = std::vector<Seen>;

}  // namespace sluice::conformance

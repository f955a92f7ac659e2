#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/hash.hpp"
#include "sluice/bus/event.hpp"

/// The order oracle: what every event carries, and what everybody who sees it must find. It knows nothing of
/// the bus but its promises: no event is torn, invented, lost or delivered twice; one producer's events come
/// in its order; and all subscribers of a shard see the same events at the same positions in one order.
namespace sluice::stress {

/// What an event says about itself, at the start of its payload. Bytes behind it repeat the seal.
struct Stamp {
  std::uint32_t producer = 0;
  std::uint32_t topic = 0;     ///< number of the topic in the test's list
  std::uint64_t order = 0;     ///< 1, 2, 3, ... over all that the producer published
  std::uint64_t sequence = 0;  ///< 1, 2, 3, ... of that on this topic
  std::uint64_t seal = 0;      ///< a hash of the rest

  [[nodiscard]] std::uint64_t proper_seal() const noexcept {
    return mix64(mix64(order * 64 + producer) ^ (sequence * 1024 + topic));
  }
};

/// What went wrong, with the first few cases in words.
class Findings {
 public:
  template <class... Parts>
  void add(const Parts&... parts) {
    count_.fetch_add(1, std::memory_order_relaxed);  // read after the threads were joined
    const std::lock_guard lock(mutex_);
    if (++kept_ > kKept) return;
    ((text_ << parts), ...);
    text_ << "\n";
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_.str();
  }

 private:
  static constexpr int kKept = 10;

  std::atomic<std::uint64_t> count_{0};
  mutable std::mutex mutex_;
  std::ostringstream text_;
  int kept_ = 0;
};

/// Events seen, as three numbers: two that saw the same events in the same order have the same ones.
struct Digest {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;      ///< the same events, in any order
  std::uint64_t ordered = 0;  ///< the same events in the same order

  void fold(std::uint64_t fingerprint) noexcept {
    ++count;
    sum += fingerprint;
    ordered = ordered * 0x9e3779b97f4a7c15U + fingerprint;
  }
  friend bool operator==(const Digest&, const Digest&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Digest& digest) {
    return out << digest.count << " events, sum " << digest.sum << ", in order " << digest.ordered;
  }
};

/// Whether a witness may miss events.
enum class Gaps : std::uint8_t {
  none,    ///< from its first event on it sees every one of each topic it sees
  amidst,  ///< a lossy subscription, or one member of a group
};

/// Looks at one subscription's events, on its thread, and tells the findings about everything that can't be.
class Witness {
 public:
  Witness(Findings& findings, std::string name, Gaps gaps)
      : findings_(&findings), name_(std::move(name)), gaps_(gaps) {}

  /// The event's stamp, after all that one event can be checked for.
  Stamp see(const EventView& event) {
    const Stamp stamp = read(event);
    Shard& shard = at(shards_, event.shard());
    if (shard.digest.count != 0 && event.position() <= shard.last_position) {
      complain(event, stamp, "is not above position ", shard.last_position);
    }
    shard.last_position = event.position();
    std::uint64_t& order = at(shard.last_orders, stamp.producer);
    if (stamp.order <= order) complain(event, stamp, "comes after the same producer's ", order);
    order = stamp.order;
    std::uint64_t& sequence = at(at(sequences_, stamp.producer), stamp.topic);
    const bool first = sequence == 0;
    if (stamp.sequence <= sequence || (gaps_ == Gaps::none && !first && stamp.sequence != sequence + 1)) {
      complain(event, stamp, "comes after its topic's ", sequence);
    }
    sequence = stamp.sequence;
    const std::uint64_t print = fingerprint(event, stamp);
    shard.digest.fold(print);
    if (at(in_class_, stamp.topic) != 0) shard.of_class.fold(print);
    return stamp;
  }

  /// Checks for damage only, where an order is not promised: a group's member takes over older events.
  [[nodiscard]] Stamp read(const EventView& event) {
    Stamp stamp;
    const auto payload = event.payload();
    if (payload.size() < sizeof stamp) {
      findings_->add(name_, ": ", payload.size(), " bytes at position ", event.position());
      return stamp;
    }
    std::memcpy(&stamp, payload.data(), sizeof stamp);
    if (stamp.seal != stamp.proper_seal()) complain(event, stamp, "has a broken seal", "");
    for (const std::byte byte : payload.subspan(sizeof stamp)) {
      if (byte != static_cast<std::byte>(stamp.seal)) {
        complain(event, stamp, "has a broken tail", "");
        break;
      }
    }
    if (event.id() != EventId::from_position(event.context().epoch, event.shard(), event.position())) {
      complain(event, stamp, "has another place's id", "");
    }
    return stamp;
  }

  [[nodiscard]] static std::uint64_t fingerprint(const EventView& event, const Stamp& stamp) noexcept {
    return mix64(event.position() ^ mix64(stamp.seal ^ event.shard()));
  }

  /// Says which topics the digest `of_class` is about.
  void select(std::span<const std::uint32_t> topics) {
    for (const std::uint32_t topic : topics) at(in_class_, topic) = 1;
  }
  [[nodiscard]] Digest of_shard(std::size_t shard) { return at(shards_, shard).digest; }
  [[nodiscard]] Digest of_class(std::size_t shard) { return at(shards_, shard).of_class; }
  [[nodiscard]] std::uint64_t events() const {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.digest.count;
    return sum;
  }
  [[nodiscard]] std::uint64_t last_sequence(std::uint32_t producer, std::uint32_t topic) {
    return at(at(sequences_, producer), topic);
  }

 private:
  struct Shard {
    std::uint64_t last_position = 0;
    std::vector<std::uint64_t> last_orders;  ///< by producer
    Digest digest;
    Digest of_class;
  };

  template <class T>
  static T& at(std::vector<T>& values, std::size_t index) {
    if (index >= values.size()) values.resize(index + 1);
    return values[index];
  }

  template <class Number>
  void complain(const EventView& event, const Stamp& stamp, const char* what, const Number& number) {
    findings_->add(name_, ": shard ", event.shard(), " position ", event.position(), ": producer ",
                   stamp.producer, " order ", stamp.order, " topic ", stamp.topic, " sequence ",
                   stamp.sequence, " ", what, number);
  }

  Findings* findings_;
  std::string name_;
  Gaps gaps_;
  std::vector<Shard> shards_;
  std::vector<std::vector<std::uint64_t>> sequences_;
  std::vector<char> in_class_;
};

/// Ticks events off, by producer and order, from any thread: who was delivered, and who twice.
class Census {
 public:
  Census(std::uint32_t producers, std::uint64_t events_each)
      : producers_(producers), words_each_(events_each / 64 + 1), words_(producers * words_each_) {}

  /// False when the event had been ticked off before, or can't exist.
  bool tick(const Stamp& stamp) noexcept {
    if (stamp.producer >= producers_ || stamp.order / 64 >= words_each_) return false;
    const std::uint64_t bit = std::uint64_t{1} << (stamp.order % 64);
    // Relaxed: a set of bits, looked at when the threads were joined.
    const std::uint64_t before =
        words_[stamp.producer * words_each_ + stamp.order / 64].fetch_or(bit, std::memory_order_relaxed);
    return (before & bit) == 0;
  }
  [[nodiscard]] bool has(std::uint32_t producer, std::uint64_t order) const noexcept {
    const std::uint64_t word = words_[producer * words_each_ + order / 64].load(std::memory_order_relaxed);
    return (word >> (order % 64) & 1) != 0;
  }
  /// How many of the producer's events 1 to `last` were never ticked off.
  [[nodiscard]] std::uint64_t missing(std::uint32_t producer, std::uint64_t last) const noexcept {
    std::uint64_t missing = 0;
    for (std::uint64_t order = 1; order <= last; ++order) missing += has(producer, order) ? 0U : 1U;
    return missing;
  }

 private:
  std::uint32_t producers_;
  std::uint64_t words_each_;
  std::vector<std::atomic<std::uint64_t>> words_;
};

}  // namespace sluice::stress

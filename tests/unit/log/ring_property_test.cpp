#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sluice/base/hash.hpp"

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

enum class Act : std::uint8_t {
  commit,
  short_commit,
  abort,
  batch,
  read,
  free_space,
  claim_late,
  close_late
};

/// A ring beside a queue: whatever is committed to the one goes into the other, and reading must give the
/// same records in the same order. Invariants are looked at after every step.
class Twin {
 public:
  Twin(std::uint64_t capacity, Producers producers, std::uint64_t start)
      : bench_({.capacity_bytes = capacity, .producers = producers, .start_position = start}),
        capacity_(capacity),
        read_to_(start),
        gate_(&bench_.table.gate(0)) {
    RC_ASSERT(bench_.join(gate_->value));
  }

  void act(Act what, std::uint32_t size, std::uint32_t part) {
    switch (what) {
      case Act::commit:
        return write(size, size);
      case Act::short_commit:
        return write(size, 1 + part % size);
      case Act::abort:
        return abort(size);
      case Act::batch:
        return batch(1 + size % 4, 1 + part % 48);
      case Act::read:
        return read(1 + part % 16);
      case Act::free_space:
        return bench_.move(*gate_, read_to_);
      case Act::claim_late:
        return open(size);
      case Act::close_late:
        return close_open();
    }
  }
  void check() const {
    const std::uint64_t limit = bench_.ring.limit();
    RC_ASSERT(bench_.ring.tail() <= limit);
    RC_ASSERT(limit <= gate_->value.load() + capacity_ - kAlignment);
    if (open_) RC_ASSERT(limit <= open_->space.position + capacity_ - kAlignment);
    RC_ASSERT(bench_.is_zeroed_ahead());
  }
  /// Everything that was committed comes out.
  void finish() {
    close_open();
    read(~std::uint32_t{0});
    RC_ASSERT(expected_.empty());
    RC_ASSERT(read_to_ == bench_.ring.tail());
  }

 private:
  struct Record {
    std::uint64_t position;
    std::uint32_t length;
    std::uint32_t topic;
    bool committed;
  };
  struct Open {
    Reservation space;
    std::uint32_t length;
  };

  static std::uint32_t length_of(std::uint32_t payload) { return kHeaderBytes + payload; }
  static std::uint32_t bytes_of(std::uint32_t payload) {
    return static_cast<std::uint32_t>(align_record(length_of(payload)));
  }
  [[nodiscard]] bool may_claim() const { return !open_ || bench_.ring.producers() == Producers::multi; }

  std::optional<Reservation> reserve(std::uint32_t bytes) {
    if (!may_claim()) return std::nullopt;
    const std::uint64_t tail = bench_.ring.tail();
    const std::uint64_t end = bench_.ring.end_of_claim(bytes);
    const Reservation space = bench_.ring.try_reserve(bench_.cache, bytes);
    if (space.status != ClaimStatus::ok) {
      // Refused only where it had to be; and nothing has moved (I4).
      const std::uint64_t lowest = std::min(gate_->value.load(), open_ ? open_->space.position : kNoGate);
      RC_ASSERT(end > lowest + capacity_ - kAlignment);
      RC_ASSERT(bench_.ring.tail() == tail);
      return std::nullopt;
    }
    RC_ASSERT(space.position + bytes == end);
    RC_ASSERT(space.position % capacity_ + bytes <= capacity_);
    return space;
  }
  void expect(std::uint64_t position, std::uint32_t length, bool committed) {
    bench_.write_topic(position, ++topics_);
    expected_.push_back({position, length, topics_, committed});
  }

  void write(std::uint32_t claimed, std::uint32_t used) {
    const auto space = reserve(bytes_of(claimed));
    if (!space) return;
    expect(space->position, length_of(used), true);
    bench_.ring.commit(*space, CommitWord::committed(RecordKind::data, length_of(used)));
  }
  void abort(std::uint32_t size) {
    if (const auto space = reserve(bytes_of(size))) bench_.ring.abort(*space);
  }
  void batch(std::uint32_t records, std::uint32_t payload) {
    const std::uint32_t stride = bytes_of(payload);
    const auto space = reserve(records * stride);
    if (!space) return;
    const CommitWord word = CommitWord::committed(RecordKind::data, length_of(payload));
    auto place = bench_.ring.place_at(space->position);
    for (std::uint32_t i = 0; i < records; ++i) {
      expect(space->position + i * stride, length_of(payload), true);
      if (i != 0) place.place(i * stride, word);
    }
    place.commit(word);
  }
  void open(std::uint32_t size) {
    if (open_) return;
    const auto space = reserve(bytes_of(size));
    if (!space) return;
    expect(space->position, length_of(size), false);
    open_ = Open{*space, length_of(size)};
  }
  void close_open() {
    if (!open_) return;
    for (Record& record : expected_) record.committed = true;
    bench_.ring.commit(open_->space, CommitWord::committed(RecordKind::data, open_->length));
    open_.reset();
  }
  void read(std::uint32_t most) {
    for (std::uint32_t records = 0; records < most;) {
      const CommitWord word = bench_.ring.word(read_to_);
      if (!word.is_committed()) {
        RC_ASSERT((expected_.empty() || !expected_.front().committed));
        return;
      }
      if (word.is_data()) {
        RC_ASSERT(!expected_.empty());
        const Record due = expected_.front();
        std::uint32_t topic = 0;
        std::memcpy(&topic, bench_.ring.readable(read_to_ + kTopicOffset, sizeof topic), sizeof topic);
        RC_ASSERT(due.committed);
        RC_ASSERT(read_to_ == due.position);
        RC_ASSERT(word.length() == due.length);
        RC_ASSERT(topic == due.topic);
        expected_.pop_front();
        ++records;
      }
      read_to_ += word.stride();
    }
  }

  RingBench bench_;
  std::uint64_t capacity_;
  std::uint64_t read_to_;
  RingBench::Gate* gate_;
  std::deque<Record> expected_;
  std::optional<Open> open_;
  std::uint32_t topics_ = 0;
};

RC_GTEST_PROP(RingProperty, is_a_queue_whatever_is_done_to_it, ()) {
  const auto around = *rc::gen::element(std::uint64_t{1} << 16, std::uint64_t{1} << 31,
                                        std::uint64_t{1} << 32, std::uint64_t{1} << 62);
  const auto before = *rc::gen::inRange(std::uint64_t{0}, std::uint64_t{512}) * kAlignment;
  const auto producers = *rc::gen::element(Producers::multi, Producers::single);
  const auto capacity = *rc::gen::element(std::uint64_t{1024}, std::uint64_t{4096});
  Twin twin(capacity, producers, around - before);
  const auto steps = *rc::gen::inRange(0, 400);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  std::uint64_t dice = seed;
  const auto roll = [&dice](std::uint32_t sides) {
    dice = mix64(dice + 0x9e3779b97f4a7c15U);
    return static_cast<std::uint32_t>(dice % sides);
  };
  const auto largest = static_cast<std::uint32_t>(capacity / 8 - kHeaderBytes);
  for (int step = 0; step < steps; ++step) {
    // Batches of four stay below a quarter of the smaller ring by their payloads of 48 bytes at most.
    twin.act(static_cast<Act>(roll(8)), 1 + roll(largest), roll(1'000));
    twin.check();
  }
  twin.finish();
}

}  // namespace
}  // namespace sluice::log

#include "model/sleepers.hpp"

#include <algorithm>
#include <ranges>

namespace sluice::model {

// ---- the shard ----------------------------------------------------------------------------------------

std::uint64_t ShardModel::interest(std::uint32_t topic, std::uint32_t word) const noexcept {
  std::uint64_t slots = 0;
  for (const Wish& wish : wishes_) {
    if (wish.topic == topic && wish.slot / 64 == word) slots |= std::uint64_t{1} << (wish.slot % 64);
  }
  return slots;
}

bool ShardModel::wants(std::uint32_t slot, std::uint32_t topic) const noexcept {
  return ((interest(topic, slot / 64) >> (slot % 64)) & 1) != 0;
}

void ShardModel::close() noexcept {
  final_tail.close(ring);
  lot.wake_all();
  lot.space_freed();
  for (std::uint32_t slot = 0; slot < slots(); ++slot) waiter(slot).wake();
}

// ---- publishing ---------------------------------------------------------------------------------------

Reservation Teller::reserve(std::uint32_t bytes) {
  const Reservation space = shard_->ring.try_reserve(cache_, bytes);
  if (space.status == ClaimStatus::would_block && cache_.raised) {
    cache_.raised = false;
    shard_->lot.space_freed();
  }
  if (cache_.tight) {
    cache_.tight = false;
    shard_->lot.wake_all();
  }
  return space;
}

Reservation Teller::await_room(std::uint32_t bytes) {
  Reservation space = reserve(bytes);
  // Also when it is closed: what a single producer had to abort may be what a reader sleeps behind.
  if (space.status != ClaimStatus::ok) shard_->lot.wake_all();
  while (space.status == ClaimStatus::would_block) {
    const std::uint32_t ticket = shard_->lot.want_space();
    space = reserve(bytes);
    if (space.status != ClaimStatus::would_block) break;
    shard_->lot.await_space(ticket, kForEver);
    space = reserve(bytes);
  }
  return space;
}

Reservation Teller::claim(std::uint64_t number, std::uint32_t topic, std::uint32_t bytes) {
  const Reservation space = await_room(bytes);
  if (space.status == ClaimStatus::ok) writer_.write(space.position, bytes, number, topic);
  return space;
}

Reservation Teller::try_claim(std::uint64_t number, std::uint32_t topic, std::uint32_t bytes) {
  const Reservation space = reserve(bytes);
  if (space.status == ClaimStatus::ok) writer_.write(space.position, bytes, number, topic);
  return space;
}

ClaimStatus Teller::publish(std::uint64_t number, std::uint32_t topic, std::uint32_t bytes) {
  const Reservation space = claim(number, topic, bytes);
  if (space.status == ClaimStatus::ok) commit(space, topic);
  return space.status;
}

void Teller::commit(const Reservation& space, std::uint32_t topic) {
  writer_.commit(space);
  shard_->lot.notify([&](std::uint32_t word) { return shard_->interest(topic, word); });
}

void Teller::abort(const Reservation& space) {
  writer_.abort(space);
  // Readers that sleep for any commit, and publishers that this claim held back, must look again.
  shard_->lot.wake_all();
  shard_->lot.space_freed();
}

// ---- reading ------------------------------------------------------------------------------------------

/// One shard of a sleeper's, as the protocol of sleeping sees it.
class Sleeper::SleepingPlace {
 public:
  SleepingPlace(Sleeper& owner, Place& place) noexcept : owner_(&owner), place_(&place) {}

  [[nodiscard]] ModelLot& lot() const noexcept { return place_->shard->lot; }
  [[nodiscard]] std::uint64_t tail() const noexcept { return place_->shard->ring.tail(); }
  [[nodiscard]] bool ready() const noexcept { return owner_->is_wanted_next(*place_); }
  [[nodiscard]] std::uint64_t position() const noexcept { return place_->position; }

 private:
  Sleeper* owner_;
  Place* place_;
};

bool Sleeper::is_wanted_next(Place& place) {
  const ModelRing& ring = place.shard->ring;
  bool wanted = false;
  for (;;) {
    const CommitWord word = ring.word(place.position);
    if (!word.is_committed()) break;
    wanted = word.is_data() && place.shard->wants(slot_, ring.topic_at(place.position));
    if (wanted) break;
    place.position += word.stride();
  }
  store_gate(place);
  return wanted;
}

void Sleeper::store_gate(Place& place) {
  if (place.stored == place.position) return;
  place.stored = place.position;
  // SYNC gate: our reads are done before the space is reused.
  place.shard->gate(place.gate).value.store(place.position, std::memory_order_release);
  place.shard->lot.space_freed();
}

std::optional<GateReader::Record> Sleeper::try_next() {
  for (Place& place : places_) {
    if (!is_wanted_next(place)) continue;
    const CommitWord word = place.shard->ring.word(place.position);
    const GateReader::Record record{place.position, read_number(*place.shard, place.position),
                                    place.shard->ring.topic_at(place.position), word.kind()};
    place.position += word.stride();
    store_gate(place);
    return record;
  }
  return std::nullopt;
}

bool Sleeper::fall_asleep() {
  return log::fall_asleep<Policy>(
      places_ | std::views::transform([this](Place& place) { return SleepingPlace(*this, place); }), slot_);
}

void Sleeper::rise() {
  log::rise(places_ | std::views::transform([](Place& place) -> ModelLot& { return place.shard->lot; }),
            slot_);
}

bool Sleeper::ends() const {
  if (told_ && told_()) return true;
  return std::all_of(places_.begin(), places_.end(), [](const Place& place) {
    // As long as a shard is open its final tail is above every position.
    return place.position >= place.shard->final_tail.position();
  });
}

void Sleeper::park() {
  log::Nap<Policy> nap(*waiter_);
  if (is_armed()) nap.sleep(kForEver);
  rise();
}

std::optional<GateReader::Record> Sleeper::next() {
  for (;;) {
    if (auto record = try_next()) return record;
    if (ends()) return std::nullopt;
    park();
  }
}

std::uint64_t Sleeper::next_number() {
  const auto record = next();
  require(record.has_value(), "what was published is read before the end");
  return record->number;
}

}  // namespace sluice::model

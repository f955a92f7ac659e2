#include "model/support.hpp"

namespace sluice::model {
namespace {

constexpr std::size_t kPayload = log::kHeaderBytes;

}  // namespace

RingModel::RingModel(const RingSetup& setup, ModelWaiter* shared_waiters)
    : bytes_(setup.capacity_bytes),
      table(setup.gates, setup.cursors),
      waiters(std::make_unique<ModelWaiter[]>(setup.waiters + 1)),
      lot(shared_waiters != nullptr ? shared_waiters : waiters.get(), setup.waiters + 1),
      ring(state, Policy::Memory(bytes_), table,
           {.capacity_bytes = setup.capacity_bytes,
            .producers = setup.producers,
            .start_position = setup.start_position,
            .raise_chunk_bytes = setup.raise_chunk_bytes,
            .max_record_bytes = setup.capacity_bytes / 2,
            .max_batch_bytes = setup.capacity_bytes}),
      waiting_(shared_waiters != nullptr ? shared_waiters : waiters.get()),
      slots_(setup.waiters + 1) {
  if (setup.gates > setup.unused_gates) table.use_gates_up_to(setup.gates - setup.unused_gates - 1);
  if (setup.cursors > setup.unused_cursors) table.use_cursors_up_to(setup.cursors - setup.unused_cursors - 1);
  for (std::uint32_t slot = 0; slot < setup.joined_gates && slot < setup.gates; ++slot) {
    gate(slot).value.store(setup.start_position, std::memory_order_relaxed);
  }
  name_everything(setup);
}

void RingModel::name_everything(const RingSetup& setup) {
  if (!Execution::current().trace.is_on()) return;
  state.tail.name("tail");
  state.limit.name("limit");
  state.announced.name("announced");
  state.frontier.name("frontier");
  state.doubt.name("doubt");
  state.raise_lock.name("raise_lock");
  state.closed.name("closed");
  for (std::uint32_t i = 0; i < setup.gates; ++i) {
    gate(i).value.name("gate" + std::to_string(i));
    gate(i).span_end.name("span_end" + std::to_string(i));
  }
  for (std::uint32_t i = 0; i < setup.cursors; ++i) {
    cursor(i).position.name("cursor" + std::to_string(i));
    cursor(i).drop_filter.name("drop_filter" + std::to_string(i));
    cursor(i).lost.name("lost" + std::to_string(i));
  }
  for (std::uint32_t i = 0; i < setup.waiters; ++i) {
    waiters[i].word.name("waiter" + std::to_string(i));
    waiters[i].event_fd.name("event_fd" + std::to_string(i));
  }
}

Reservation Publisher::claim(std::uint64_t number, std::uint32_t bytes, std::uint32_t topic) {
  Reservation space = model_->ring.reserve_within(cache_, bytes);
  if (space.status != ClaimStatus::ok) space = model_->ring.try_reserve(cache_, bytes);
  if (space.status != ClaimStatus::ok) return space;
  const std::uint64_t capacity = model_->ring.capacity_bytes();
  require(space.position % capacity + bytes <= capacity, "no record crosses the ring's end");
  write(space.position, bytes, number, topic);
  return space;
}

bool Publisher::try_publish(std::uint64_t number, std::uint32_t bytes, std::uint32_t topic) {
  const Reservation space = claim(number, bytes, topic);
  if (space.status != ClaimStatus::ok) return false;
  commit(space);
  return true;
}

void Publisher::publish(std::uint64_t number, std::uint32_t bytes, std::uint32_t topic) {
  await([&] { return try_publish(number, bytes, topic); });
}

bool Publisher::try_publish_in_turn() {
  const Reservation space = model_->ring.try_reserve(cache_, log::kAlignment);
  if (space.status != ClaimStatus::ok) return false;
  const std::uint64_t number = number_at(space.position);
  write(space.position, space.bytes, number, static_cast<std::uint32_t>(number));
  commit(space);
  return true;
}

void Publisher::publish_in_turn() {
  await([&] { return try_publish_in_turn(); });
}

void Publisher::commit(const Reservation& space, std::uint32_t used_bytes) {
  model_->ring.commit(space, CommitWord::committed(RecordKind::data, used_bytes));
}

void Publisher::write(std::uint64_t position, std::uint32_t bytes, std::uint64_t number,
                      std::uint32_t topic) {
  // Everything but the commit word, which is not ours to touch.
  std::byte* header =
      model_->ring.writable(position + log::kTimestampOffset, log::kHeaderBytes - log::kTimestampOffset);
  std::memcpy(header + (log::kTopicOffset - log::kTimestampOffset), &topic, sizeof topic);
  std::byte* payload = model_->ring.writable(position + kPayload, bytes - kPayload);
  for (std::size_t at = 0; at + sizeof number <= bytes - kPayload; at += sizeof number) {
    std::memcpy(payload + at, &number, sizeof number);
  }
}

std::uint64_t read_number(RingModel& model, std::uint64_t position) {
  const std::uint32_t length = model.ring.word(position).length();
  require(length >= kPayload + sizeof(std::uint64_t), "a data record has a payload");
  const std::byte* payload = model.ring.readable(position + kPayload, length - kPayload);
  std::uint64_t first;
  std::memcpy(&first, payload, sizeof first);
  for (std::size_t at = 0; at + sizeof first <= length - kPayload; at += sizeof first) {
    require(std::memcmp(payload + at, &first, sizeof first) == 0, "all words of a payload are of one record");
  }
  return first;
}

void read_in_order(RingModel& model, const Numbers& numbers, std::uint64_t from) {
  GateReader reader(model, 0, from);
  for (const std::uint64_t number : numbers)
    require(reader.next().number == number, "in order, none missing or seen twice");
}

void publishes(Scenario& s, const std::shared_ptr<RingModel>& m, int records, const std::string& name) {
  s.thread(name, [m, records] {
    Publisher producer(*m);
    for (int i = 0; i < records; ++i) producer.publish_in_turn();
  });
}

void tries_to_publish(Scenario& s, const std::shared_ptr<RingModel>& m, int records,
                      const std::string& name) {
  s.thread(name, [m, records] {
    Publisher producer(*m);
    for (int i = 0; i < records; ++i) (void)producer.try_publish_in_turn();
  });
}

void counts_what_it_publishes(Scenario& s, const std::shared_ptr<RingModel>& m, int records,
                              const std::string& name) {
  s.thread(name, [m, records] {
    Publisher producer(*m);
    std::int64_t published = 0;
    for (int i = 0; i < records; ++i) published += producer.try_publish_in_turn() ? 1 : 0;
    outcome({published});
  });
}

void has_an_open_claim(Scenario& s, const std::shared_ptr<RingModel>& m) {
  auto slow = std::make_shared<Publisher>(*m);
  const std::uint64_t number = number_at(m->ring.tail());
  const auto topic = static_cast<std::uint32_t>(number);
  const Reservation open = slow->claim(number, log::kAlignment, topic);
  s.thread("slow", [slow, open, number, topic] {
    slow->write(open.position, open.bytes, number, topic);
    slow->commit(open);
  });
}

std::uint64_t end_of_record(RingModel& model, std::uint64_t position) {
  const CommitWord word = model.ring.word(position);
  return word.is_committed() ? position + word.stride() : position;
}

void require_free_at_the_tail(RingModel& model) {
  require(!model.ring.word(model.ring.tail()).is_committed(), "at the tail there is nothing to be read");
}

void require_in_place(RingModel& model, std::uint64_t position) {
  require(model.ring.word(position).is_committed(), "what is read is committed");
  require(model.ring.topic_at(position) == number_at(position), "the topic is of this lap");
  require(read_number(model, position) == number_at(position), "the record is of this lap");
}

std::optional<GateReader::Record> GateReader::step() {
  const CommitWord word = model_->ring.word(position_);
  if (!word.is_committed()) return std::nullopt;
  Record record{position_, 0, 0, word.kind()};
  require(word.stride() <= model_->ring.capacity_bytes(), "a record is not longer than the ring");
  if (word.is_data()) {
    record.topic = model_->ring.topic_at(position_);
    record.number = read_number(*model_, position_);
  }
  position_ += word.stride();
  // As a `block` subscription stores its gate: what was read is done being read.
  model_->gate(slot_).value.store(position_, std::memory_order_release);
  return record;
}

std::optional<GateReader::Record> GateReader::try_next() {
  while (const auto record = step()) {
    if (record->kind == RecordKind::data) return record;
  }
  return std::nullopt;
}

GateReader::Record GateReader::next() {
  std::optional<Record> record;
  await([&] { return (record = try_next()).has_value(); });
  return *record;
}

}  // namespace sluice::model

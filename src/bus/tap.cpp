#include <algorithm>
#include <ranges>

#include "sluice/bus/persistence.hpp"
#include "sluice/log/plain_run.hpp"
#include "sluice/log/sleep.hpp"

#include "bus/backstop.hpp"
#include "bus/core.hpp"
#include "bus/unread.hpp"

namespace sluice {

namespace {

/// Subscriptions leave this slot free when there is a persistence.
constexpr std::uint32_t kTapSlot = 0;

}  // namespace

std::span<const std::byte> Tap::committed(std::size_t max_bytes) const noexcept {
  const detail::Ring& ring = core_->shard(shard_).ring;
  const detail::RingView view = ring.view();
  const std::uint64_t to_ring_end = ring.capacity_bytes() - (position_ & (ring.capacity_bytes() - 1));
  log::PlainRun run;  // or each word would be waited for before the next one is known
  std::uint64_t bytes = 0;
  while (bytes < to_ring_end) {
    const log::CommitWord word = view.word(position_ + bytes);
    std::uint64_t stride = run.stride();
    if (!run.goes_on(word)) {
      if (!word.is_committed()) break;
      stride = run.meet(word);
    }
    if (bytes != 0 && bytes + stride > max_bytes) break;
    bytes += stride;
  }
  if (bytes == 0) return {};
  return {ring.readable(position_, bytes), bytes};
}

void Tap::release(std::size_t bytes) noexcept {
  position_ += bytes;
  detail::Shard& shard = core_->shard(shard_);
  // SYNC gate: our reads are done before the space is reused.
  shard.work_gate(kTapSlot).value.store(position_, std::memory_order_release);
  shard.lot.space_freed();
}

bool Tap::at_end() const noexcept {
  return position_ >= core_->shard(shard_).final_tail();
}

Taps::Taps(const std::shared_ptr<detail::Core>& core) : core_(core) {
  for (std::uint32_t shard = 0; shard < core->shard_count(); ++shard) {
    detail::Shard& joined = core->shard(shard);
    joined.gates.use_gates_up_to(detail::Shard::work_gate_number(kTapSlot));
    taps_.push_back(Tap(core, shard, detail::join_at_tail(joined, joined.work_gate(kTapSlot).value)));
  }
}

bool Taps::ready() const noexcept {
  const bool some = std::any_of(taps_.begin(), taps_.end(), [this](const Tap& tap) {
    return core_->shard(tap.shard()).ring.word(tap.position()).is_committed();
  });
  return some || std::all_of(taps_.begin(), taps_.end(), [](const Tap& tap) { return tap.at_end(); });
}

void Taps::wait(std::chrono::nanoseconds timeout) noexcept {
  const auto lots = taps_ | std::views::transform([this](const Tap& tap) -> detail::ParkingLot& {
                      return core_->shard(tap.shard()).lot;
                    });
  log::Nap<log::Machine> nap(core_->waiter(kTapSlot));
  if (log::fall_asleep_for_any<log::Machine>(lots, kTapSlot, [this] { return ready(); })) nap.sleep(timeout);
  log::rise(lots, kTapSlot);
}

}  // namespace sluice

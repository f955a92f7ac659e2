#include "generator.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace trading {
namespace {

constexpr std::int64_t kOpenNs = 34'200'000'000'000;
constexpr std::int64_t kCloseNs = 57'600'000'000'000;

// A ladder of cents. The fair value stays so far from both ends that no order's distance leads beyond them.
constexpr Price kTickSize = 100;
constexpr OrderLadder::Tick kTicks = 8'192;
constexpr OrderLadder::Tick kMargin = 512;
constexpr Price kLowestPrice = 5'850'000 - kTickSize * (kTicks / 2);

// The market neither dries up nor grows without bound: outside of these sizes the mix changes.
constexpr std::size_t kThinMarket = 200;
constexpr std::size_t kDeepMarket = 2'000;

constexpr std::uint64_t kMessagesBetweenHalts = 65'536;

constexpr Price price_of(OrderLadder::Tick tick) {
  return kLowestPrice + kTickSize * tick;
}

/// Out of 1,000 messages, how many are what. The rest are deletions.
struct Mix {
  std::uint64_t submissions;
  std::uint64_t cancellations;
  std::uint64_t executions;
  std::uint64_t hidden;
};
constexpr Mix kUsual = {472, 16, 98, 61};
constexpr Mix kThin = {800, 8, 30, 61};
constexpr Mix kDeep = {250, 16, 98, 61};

const Mix& mix_for(std::size_t live_orders) {
  if (live_orders < kThinMarket) return kThin;
  return live_orders > kDeepMarket ? kDeep : kUsual;
}

}  // namespace

Generator::Generator(std::uint64_t seed, std::uint64_t messages_per_day) noexcept
    : random_(seed),
      mean_gap_ns_(static_cast<std::uint64_t>(kCloseNs - kOpenNs) /
                   std::max<std::uint64_t>(messages_per_day, 1)),
      ladder_(kTicks) {
  start_day();
}

void Generator::start_day() {
  ladder_.clear();
  fair_value_ = kTicks / 2;
  time_ns_ = kOpenNs;
  last_id_ = 16'000'000;
  opened_ = false;
  halt_status_ = 1;
}

OrderMessage Generator::next() {
  if (!opened_) return open_auction();
  advance_clock();
  if (halt_status_ != 1 || random_.below(kMessagesBetweenHalts) == 0) return halt();
  move_fair_value();

  const Mix& mix = mix_for(ladder_.size());
  std::uint64_t draw = random_.below(1'000);
  if (draw < mix.submissions || ladder_.size() == 0) return submit();
  draw -= mix.submissions;
  if (draw < mix.cancellations) return cancel();
  draw -= mix.cancellations;
  if (draw < mix.executions) return execute();
  draw -= mix.executions;
  return draw < mix.hidden ? execute_hidden() : remove();
}

std::optional<Price> Generator::best_bid() const noexcept {
  const auto tick = ladder_.best(Side::buy);
  return tick ? std::optional(price_of(*tick)) : std::nullopt;
}

std::optional<Price> Generator::best_ask() const noexcept {
  const auto tick = ladder_.best(Side::sell);
  return tick ? std::optional(price_of(*tick)) : std::nullopt;
}

/// Messages come in bursts: three of four within 100 microseconds of the one before, the others after a
/// pause.
void Generator::advance_clock() noexcept {
  const bool burst = random_.below(4) != 0;
  const std::uint64_t most = burst ? std::min<std::uint64_t>(100'000, mean_gap_ns_) : mean_gap_ns_ * 8;
  // `below` takes 32 bits, a pause may need more: draw it in steps of 1,024 ns, and the rest apart.
  const std::uint64_t steps = std::min<std::uint64_t>(most / 1'024 + 1, 0xFFFF'FFFFU);
  const std::uint64_t gap = random_.below(steps) * 1'024 + random_.below(1'024);
  time_ns_ = std::min(time_ns_ + static_cast<std::int64_t>(gap), kCloseNs);
}

void Generator::move_fair_value() noexcept {
  const std::uint64_t draw = random_.below(16);
  if (draw > 1) return;
  fair_value_ = std::clamp(fair_value_ + (draw == 0 ? 1 : -1), kMargin, kTicks - kMargin);
}

OrderMessage Generator::submit() {
  const Side side = coin();
  // Most orders stand within a few cents of the fair value; one of 64 is far away, and waits.
  const std::uint64_t bits = random_.next();
  auto distance =
      1 + 3 * static_cast<Tick>(std::countr_zero(bits | (1U << 12))) + static_cast<Tick>(bits >> 62);
  if (random_.below(64) == 0) distance += static_cast<Tick>(random_.below(400));

  Tick tick = fair_value_ + (side == Side::buy ? -distance : distance);
  if (side == Side::buy) {
    if (const auto ask = ladder_.best(Side::sell)) tick = std::min(tick, *ask - 1);
  } else {
    if (const auto bid = ladder_.best(Side::buy)) tick = std::max(tick, *bid + 1);
  }

  last_id_ += 1 + static_cast<OrderId>(random_.below(16));
  OrderMessage result = message(MessageType::submission);
  result.order_id = last_id_;
  result.side = side;
  result.price = price_of(tick);
  result.size = order_size();
  ladder_.add(last_id_, side, tick, result.size);
  return result;
}

OrderMessage Generator::cancel() {
  const OrderLadder::Order& order = ladder_.nth(random_.below(ladder_.size()));
  if (order.size == 1) return remove();
  const auto size = static_cast<std::uint32_t>(1 + random_.below(order.size - 1));
  const OrderMessage result = message_on(order, MessageType::cancellation, size);
  ladder_.take(order, size);
  return result;
}

OrderMessage Generator::remove() {
  const OrderLadder::Order& order = ladder_.nth(random_.below(ladder_.size()));
  const OrderMessage result = message_on(order, MessageType::deletion, order.size);
  ladder_.take(order, order.size);
  return result;
}

OrderMessage Generator::execute() {
  const OrderLadder::Order& order = ladder_.first(side_to_trade());
  const std::uint32_t size = std::min(order.size, order_size());
  const OrderMessage result = message_on(order, MessageType::execution, size);
  ladder_.take(order, size);
  return result;
}

OrderMessage Generator::execute_hidden() {
  OrderMessage result = message(MessageType::hidden_execution);
  result.side = coin();
  result.price = price_of(fair_value_);
  result.size = order_size();
  return result;
}

OrderMessage Generator::open_auction() {
  opened_ = true;
  OrderMessage result = message(MessageType::cross);
  result.side = Side::sell;
  result.price = price_of(fair_value_);
  result.size = 10'000 + static_cast<std::uint32_t>(random_.below(10'000));
  return result;
}

/// Trading halts, then quoting resumes, then trading does: three messages in a row.
OrderMessage Generator::halt() {
  halt_status_ = halt_status_ == 1 ? -1 : halt_status_ + 1;
  OrderMessage result = message(MessageType::halt);
  result.side = Side::sell;
  result.price = halt_status_;
  return result;
}

std::uint32_t Generator::order_size() noexcept {
  constexpr std::array<std::uint32_t, 8> kUsualSizes = {18, 18, 100, 100, 100, 200, 320, 50};
  const std::uint64_t draw = random_.below(kUsualSizes.size() + 4);
  return draw < kUsualSizes.size() ? kUsualSizes[draw] : 1 + static_cast<std::uint32_t>(random_.below(500));
}

/// Whoever asks less, or bids more, than the fair value is taken first: so the book follows it. There must be
/// an order.
Side Generator::side_to_trade() noexcept {
  const auto bid = ladder_.best(Side::buy);
  const auto ask = ladder_.best(Side::sell);
  if (!bid) return Side::sell;
  if (!ask) return Side::buy;
  if (*ask <= fair_value_) return Side::sell;
  if (*bid >= fair_value_) return Side::buy;
  return coin();
}

OrderMessage Generator::message(MessageType type) const noexcept {
  OrderMessage result;
  result.time_ns = time_ns_;
  result.type = type;
  return result;
}

OrderMessage Generator::message_on(const OrderLadder::Order& order, MessageType type,
                                   std::uint32_t size) const noexcept {
  OrderMessage result = message(type);
  result.order_id = order.id;
  result.side = order.side;
  result.price = price_of(order.tick);
  result.size = size;
  return result;
}

}  // namespace trading

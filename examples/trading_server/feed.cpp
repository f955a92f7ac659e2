#include "feed.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace trading {
namespace {

/// So few that they are still in the cache when they are published.
constexpr std::uint64_t kMessagesPerBatch = 256;

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

std::uint64_t or_endless(std::uint64_t limit) {
  return limit == 0 ? kEndless : limit;
}

}  // namespace

RecordedFeed::RecordedFeed(std::vector<OrderMessage> messages, std::uint64_t passes)
    : messages_(std::move(messages)), passes_(or_endless(passes)) {
  Book book;
  for (const OrderMessage& message : messages_) book.apply(message);
  closing_ = book.summary();
}

Batch RecordedFeed::next() {
  if (passes_done_ == passes_) return {};
  ++passes_done_;
  return {messages_, passes_done_, true, true, closing_};
}

std::optional<std::uint64_t> RecordedFeed::total_messages() const {
  return passes_ == kEndless ? std::nullopt : std::optional(passes_ * messages_.size());
}

GeneratedFeed::GeneratedFeed(std::uint64_t seed, std::uint64_t messages)
    : generator_(seed, kMessagesPerDay), limit_(or_endless(messages)) {
  buffer_.reserve(kMessagesPerBatch);
}

Batch GeneratedFeed::next() {
  const std::uint64_t made_today = made_ % kMessagesPerDay;
  const std::uint64_t count = std::min({kMessagesPerBatch, limit_ - made_, kMessagesPerDay - made_today});
  if (count == 0) return {};
  if (made_today == 0) generator_.start_day();
  buffer_.clear();
  for (std::uint64_t made = 0; made < count; ++made) buffer_.push_back(generator_.next());

  Batch batch;
  batch.messages = buffer_;
  batch.day = made_ / kMessagesPerDay + 1;
  batch.opens_day = made_today == 0;
  made_ += count;
  batch.closes_day = made_ == limit_ || made_ % kMessagesPerDay == 0;
  if (batch.closes_day) {
    batch.closing.messages = made_today + count;
    batch.closing.live_orders = generator_.live_orders();
    batch.closing.best_bid = generator_.best_bid();
    batch.closing.best_ask = generator_.best_ask();
  }
  return batch;
}

std::optional<std::uint64_t> GeneratedFeed::total_messages() const {
  return limit_ == kEndless ? std::nullopt : std::optional(limit_);
}

}  // namespace trading

// Publishing, in the journal's model test.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

#include <rapidcheck.h>

#include "integration/journal_model_case.hpp"

namespace sluice::test::model {

namespace {

/// Between two checks, so that a shard begins one segment at most.
constexpr std::uint64_t kCheckBytes = 6 * 1024;
/// Longer than any publish waits that is not held up.
constexpr std::int64_t kPatienceNs = 60'000'000'000;

EventId own_id(std::uint64_t number) {
  EventId::Bytes bytes{};
  std::memcpy(bytes.data(), &number, sizeof number);
  return EventId::from_bytes(bytes);
}

}  // namespace

void Case::apply(const Publish& publish) {
  for (std::uint32_t i = 0; i < publish.times; ++i) {
    PublishOptions options;
    options.ttl = publish.ttl;
    options.timestamp_ns = publish.timestamp_ns;
    const std::string value = std::to_string(number_);
    const std::vector<std::string> keys{"a", "number", "empty"};
    for (std::uint32_t pair = 0; pair < publish.metadata; ++pair) {
      options.metadata.emplace_back(keys[pair], pair == 1 ? std::string_view(value) : std::string_view());
    }
    if (publish.has_id) options.id = own_id(number_);
    if (!publish_once(publish, "topic.t" + std::to_string(publish.topic), options)) return;
    std::uint64_t bytes = 0;
    for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) bytes += run_->tail(shard);
    if (bytes - checked_bytes_ < kCheckBytes) continue;
    settle();
    check_segments();
    checked_bytes_ = bytes;
  }
}

/// One call; false when a cursor holds the journal up.
bool Case::publish_once(const Publish& publish, const std::string& topic, PublishOptions options) {
  const auto payload = [&](std::size_t most) {
    const std::string text = std::to_string(number_++);
    const std::size_t bytes = std::min<std::size_t>(publish.bytes, most);
    const char filler = static_cast<char>('a' + number_ % 26);
    return text + std::string(bytes > text.size() ? bytes - text.size() : 0, filler);
  };
  const std::size_t most = setup_.capacity_bytes / 8 - 400;
  if (publish.how == Publish::How::single) {
    const std::string text = payload(most);
    if (!attempt([&] { return run_->bus->publish(topic, text, options); })) return false;
    take(1, topic, options, {text});
    return true;
  }
  options = {};
  auto publisher = value_of(run_->bus->publisher(topic));
  const auto as_result = [&](PublishResult result) -> Result<std::uint64_t> {
    if (result) return result.position;
    return publisher.last_error();
  };
  if (publish.how == Publish::How::batch) {
    const std::vector<std::string> texts{payload(most / 4), payload(most / 4), payload(most / 4)};
    std::vector<std::span<const std::byte>> payloads;
    for (const std::string& text : texts) payloads.push_back(std::as_bytes(std::span(text)));
    if (!attempt([&] { return as_result(publisher.publish_batch(payloads)); })) return false;
    take(3, topic, options, texts);
    return true;
  }
  const std::string text = payload(most / 2);
  std::optional<Claim> claim;
  const auto claims = [&]() -> Result<void> {
    auto claimed = publisher.claim(2 * text.size());
    if (!claimed) return std::move(claimed).error();
    claim.emplace(*std::move(claimed));
    return {};
  };
  if (!attempt(claims)) return false;
  std::memcpy(claim->payload().data(), text.data(), text.size());
  if (publish.how == Publish::How::given_up) {
    claim.reset();
    take(0, topic, options, {});
    return true;
  }
  value_of(as_result(claim->commit(text.size())));
  take(1, topic, options, {text});
  return true;
}

/// Calls until it succeeds; false when it can't, because a cursor holds the journal up.
template <class Call>
bool Case::attempt(Call call) {
  const std::int64_t begin_ns = monotonic_ns();
  const auto holds = [](const auto& cursor) { return cursor.second.retention == CursorRetention::hold; };
  const bool may_be_held =
      setup_.limits.bytes && std::any_of(model_.cursors.begin(), model_.cursors.end(), holds);
  for (;;) {
    const auto done = call();
    if (done) return true;
    const Error& error = done.error();
    require(error.code == ErrorCode::timed_out, error.to_string());
    // What holds it may have gone a moment ago; else one more try will do.
    if (run_->is_held() && may_be_held) break;
    require(monotonic_ns() - begin_ns < kPatienceNs, "nothing holds it: " + error.to_string());
  }
  take(0, "", {}, {});
  return false;
}

/// What the live subscription got is what was published; the model has it from there.
void Case::take(std::size_t expected, const std::string& topic, const PublishOptions& options,
                const std::vector<std::string>& payloads) {
  History seen;
  std::vector<std::uint32_t> shards;
  std::vector<std::uint32_t> topics;
  const auto note = [&](const EventView& event) {
    seen.emplace_back(event);
    shards.push_back(event.shard());
    topics.push_back(event.topic_id());
  };
  while (run_->firehose->poll(note).events != 0) {
  }
  require(seen.size() == expected,
          std::to_string(seen.size()) + " live events instead of " + std::to_string(expected));
  const std::int64_t now_ns = clock_->now_ns();
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Seen& event = seen[i];
    bool is_it = event.topic == topic && event.payload == payloads[i];
    is_it = is_it && event.timestamp_ns == (options.timestamp_ns != 0 ? options.timestamp_ns : now_ns);
    std::int64_t over_ns = 0;
    if (options.ttl.count() != 0 && __builtin_add_overflow(now_ns, options.ttl.count(), &over_ns)) {
      over_ns = std::numeric_limits<std::int64_t>::max();
    }
    is_it = is_it && event.expires_at_ns == over_ns && (!options.id || event.id == *options.id);
    is_it = is_it && event.metadata.size() == options.metadata.size();
    for (std::size_t pair = 0; is_it && pair < event.metadata.size(); ++pair) {
      is_it = event.metadata[pair].first == options.metadata[pair].first &&
              event.metadata[pair].second == options.metadata[pair].second;
    }
    require(is_it, "a live event is not what was published: " + topic + " " + payloads[i]);
    require(options.id || model_.ids.insert(event.id).second, "an id twice: " + event.id.to_string());
    const auto known = model_.topics.try_emplace(topic, topics[i], shards[i]).first->second;
    require(known == std::pair(topics[i], shards[i]), topic + " has another id or shard than before");
    model_.shards[shards[i]].events.push_back(event);
    ++totals_->events;
  }
}

}  // namespace sluice::test::model

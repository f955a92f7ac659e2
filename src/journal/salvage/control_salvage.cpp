#include "journal/salvage/control_salvage.hpp"

#include <algorithm>
#include <span>

#include "sluice/topic/name.hpp"

#include "journal/control_frames.hpp"

namespace sluice::detail {

namespace {

/// Longer than any control log; what is longer was not written by a journal.
constexpr std::uint64_t kMostControlBytes = std::uint64_t{1} << 30U;
constexpr std::size_t kFrameAlignment = 8;

}  // namespace

Result<std::uint64_t> ControlSalvage::add(FileSystem& files, const std::string& path) {
  const auto image = read_file(files, path, kMostControlBytes);
  if (!image) return image.error();
  const std::span<const std::byte> bytes(*image);
  std::uint64_t unreadable =
      check_control_header(bytes.first(std::min(bytes.size(), kControlHeaderBytes)), journal_, path)
          ? 0
          : std::min(bytes.size(), kControlHeaderBytes);
  const std::uint32_t seed = control_seed(journal_, std::string_view(path).substr(path.rfind('/') + 1));
  decltype(cursors_) cursors;
  for (std::size_t at = kControlHeaderBytes; at < bytes.size();) {
    const auto found =
        decode_frame(bytes.subspan(at, std::min(kMostFrameBytes, bytes.size() - at)), at, seed);
    const auto* frame = std::get_if<Frame>(&found);
    if (frame == nullptr) {
      const std::size_t step = std::min(kFrameAlignment, bytes.size() - at);
      unreadable += step;
      at += step;
      continue;
    }
    at += frame->bytes;
    if (const auto* topic = std::get_if<TopicRecord>(&frame->content)) take(*topic);
    if (const auto* cursor = std::get_if<CursorPlace>(&frame->content)) {
      const bool can_be = !cursor->name.empty() && cursor->name.size() <= kMaxCursorNameBytes &&
                          cursor->shard < EventId::kMaxShards;
      const KeptCursor kept{cursor->position, cursor->retention};
      if (can_be) cursors.insert_or_assign({std::string(cursor->name), cursor->shard}, kept);
    }
    if (const auto* removed = std::get_if<RemovedCursor>(&frame->content)) {
      cursors.insert_or_assign({std::string(removed->name), removed->shard}, std::nullopt);
    }
  }
  cursors_.merge(cursors);  // those of the log before this one stay
  return unreadable;
}

void ControlSalvage::take(const TopicRecord& topic) {
  const bool can_be =
      topic.id < kMostTopicIds && topic.shard < EventId::kMaxShards && validate_topic(topic.name);
  std::string name(topic.name);
  if (!can_be || topics_.contains(topic.id) || ids_.contains(name)) return;
  ids_.emplace(name, topic.id);
  topics_.emplace(topic.id, TopicDefinition{std::move(name), topic.id, topic.shard});
}

ControlSalvage::Outcome ControlSalvage::outcome(const TopicTraces& traces) const {
  std::uint32_t count = topics_.empty() ? 0 : topics_.rbegin()->first + 1;
  if (!traces.empty()) count = std::max(count, traces.rbegin()->first + 1);
  Outcome outcome;
  for (std::uint32_t id = 0; id < count; ++id) {
    if (const auto known = topics_.find(id); known != topics_.end()) {
      outcome.state.topics.push_back(known->second);
      continue;
    }
    MadeUpTopic made_up{{"salvaged.topic." + std::to_string(id), id, 0}, 0};
    // Somebody may publish under such a name.
    for (int i = 1; ids_.contains(made_up.topic.name); ++i) {
      made_up.topic.name = "salvaged.topic." + std::to_string(id) + "." + std::to_string(i);
    }
    if (const auto trace = traces.find(id); trace != traces.end()) {
      made_up.topic.shard = trace->second.shard;
      made_up.events = trace->second.events;
    }
    outcome.state.topics.push_back(made_up.topic);
    outcome.made_up.push_back(std::move(made_up));
  }
  for (const auto& [reader, cursor] : cursors_) {
    if (cursor) outcome.state.cursors.emplace(reader, *cursor);
  }
  return outcome;
}

}  // namespace sluice::detail

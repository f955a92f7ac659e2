#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/control_log.hpp"

namespace sluice::detail {

/// A topic that events belong to and no control log defines. The events are kept under a name that says so.
struct MadeUpTopic {
  TopicDefinition topic{};
  std::uint64_t events = 0;
};

/// What events say of their topics: where they lie, and how many there are, by topic id.
struct TopicTrace {
  std::uint32_t shard = 0;
  std::uint64_t events = 0;
};
using TopicTraces = std::map<std::uint32_t, TopicTrace>;

/// What is left of a journal's control logs. Frames are known by their checksums, which their offsets and the
/// file's name are in; so good ones are found behind bad ones.
class ControlSalvage {
 public:
  explicit ControlSalvage(const EventId& journal) : journal_(journal) {}

  /// Takes the good frames of a file, those that say nothing new aside: the log that counts comes first, then
  /// older ones, each for what is missing. Returns how many of its bytes can't be read, its header's
  /// included. Errors: those of reading.
  [[nodiscard]] Result<std::uint64_t> add(FileSystem& files, const std::string& path);

  struct Outcome {
    ControlState state{};
    std::vector<MadeUpTopic> made_up{};  ///< those of its topics
  };
  /// Topics in the order of their ids, with made-up ones where a definition is missing that an event or a
  /// later definition needs.
  [[nodiscard]] Outcome outcome(const TopicTraces& traces) const;

 private:
  void take(const struct TopicRecord& topic);

  EventId journal_;
  std::map<std::uint32_t, TopicDefinition> topics_;
  std::map<std::string, std::uint32_t> ids_;  ///< by name
  /// Nothing for one that was removed: an older log must not bring it back.
  std::map<std::pair<std::string, std::uint32_t>, std::optional<KeptCursor>> cursors_;
};

/// More topics than any bus may have; an event of a higher id was not published.
inline constexpr std::uint32_t kMostTopicIds = 1U << 24U;

}  // namespace sluice::detail

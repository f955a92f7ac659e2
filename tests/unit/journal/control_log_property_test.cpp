#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "journal/control_log.hpp"
#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

const std::string kPath = "/journal/control-0000000000000001.log";

/// A log under a model of what it should say after each of its frames.
class Model {
 public:
  explicit Model(std::uint32_t topics_at_first) {
    for (std::uint32_t i = 0; i < topics_at_first; ++i) state_.topics.push_back(next_topic());
    log_ = ControlLog::create(files_, kPath, EventId(), state_).value();
    note();
  }

  void append_topic() {
    state_.topics.push_back(next_topic());
    log_->append(state_.topics.back()).value();
    note();
  }
  void append_cursor() {
    // Names of any bytes: they are the caller's.
    std::string name = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
    const std::uint32_t shard = *rc::gen::inRange(0U, EventId::kMaxShards);
    const KeptCursor cursor{*rc::gen::arbitrary<std::uint64_t>(),
                            *rc::gen::element(CursorRetention::gap, CursorRetention::hold)};
    log_->append_cursor(name, shard, cursor).value();
    state_.cursors[{name, shard}] = cursor;
    note();
  }

  [[nodiscard]] MemoryFileSystem& files() noexcept { return files_; }
  /// What is true behind each frame, by its offset.
  [[nodiscard]] const std::map<std::uint64_t, ControlState>& states() const noexcept { return states_; }

 private:
  [[nodiscard]] TopicDefinition next_topic() const {
    const auto id = static_cast<std::uint32_t>(state_.topics.size());
    return {"t" + std::to_string(id) + std::string(*rc::gen::inRange(std::size_t{0}, std::size_t{250}), 'x'),
            id, *rc::gen::inRange(0U, EventId::kMaxShards)};
  }
  void note() { states_[log_->written()] = state_; }

  MemoryFileSystem files_;
  ControlState state_;
  std::unique_ptr<ControlLog> log_;
  std::map<std::uint64_t, ControlState> states_;
};

bool same(const ControlState& a, const ControlState& b) {
  const auto same_topic = [](const TopicDefinition& x, const TopicDefinition& y) {
    return x.name == y.name && x.id == y.id && x.shard == y.shard;
  };
  return a.cursors == b.cursors &&
         std::equal(a.topics.begin(), a.topics.end(), b.topics.begin(), b.topics.end(), same_topic);
}

RC_GTEST_PROP(ControlLogProperty, cut_anywhere_it_tells_what_was_true_behind_its_last_whole_frame, ()) {
  Model model(*rc::gen::inRange(0U, 4U));
  const auto steps = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  for (const bool topic : steps) topic ? model.append_topic() : model.append_cursor();

  MemoryFileSystem::Bytes& bytes = model.files().at(kPath);
  const std::uint64_t snapshot_bytes = model.states().begin()->first;
  const auto kept = *rc::gen::inRange(snapshot_bytes, std::uint64_t{bytes.size()} + 1);
  const auto written = model.states().rbegin()->first;
  RC_ASSERT(written == bytes.size());
  bytes.resize(static_cast<std::size_t>(kept));
  // What the disk may have there instead: nothing, zeros, or anything.
  const auto behind = *rc::gen::element(0, 1, 2);
  if (behind == 1) bytes.resize(bytes.size() + 100);
  if (behind == 2) {
    for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<std::byte>(*rc::gen::inRange(1, 256)));
  }

  const auto opened = ControlLog::read(model.files(), kPath, EventId(), snapshot_bytes);
  RC_ASSERT(opened.has_value());
  const auto expected = std::prev(model.states().upper_bound(kept));
  if (behind == 0) RC_ASSERT(opened->good_bytes == expected->first);
  // Zeros may be just those that were cut off a frame's end.
  RC_ASSERT(opened->good_bytes >= expected->first);
  RC_ASSERT(model.states().contains(opened->good_bytes));
  RC_ASSERT(opened->good_bytes + opened->cut_bytes == bytes.size());
  RC_ASSERT(same(opened->state, model.states().at(opened->good_bytes)));
}

RC_GTEST_PROP(ControlLogProperty, changed_anywhere_below_what_was_synced_it_is_refused, ()) {
  Model model(*rc::gen::inRange(0U, 4U));
  for (int i = 0; i < 4; ++i) model.append_cursor();
  MemoryFileSystem::Bytes& bytes = model.files().at(kPath);
  const auto at = *rc::gen::inRange(std::size_t{0}, bytes.size());
  bytes[at] ^= static_cast<std::byte>(*rc::gen::inRange(1, 256));
  const auto opened = ControlLog::read(model.files(), kPath, EventId(), bytes.size());
  RC_ASSERT(!opened.has_value());
  RC_ASSERT(opened.error().message.rfind(kPath, 0) == 0);
}

RC_GTEST_PROP(ControlLogProperty, any_bytes_behind_a_snapshot_are_cut_or_refused,
              (std::vector<std::uint8_t> tail)) {
  Model model(2);
  MemoryFileSystem::Bytes& bytes = model.files().at(kPath);
  for (const std::uint8_t byte : tail) bytes.push_back(std::byte{byte});
  const auto opened = ControlLog::read(model.files(), kPath, EventId(), 0);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->cut_bytes == tail.size());
}

}  // namespace
}  // namespace sluice::detail

#pragma once

#include <cstdint>
#include <optional>

#include "sluice/topic/bitmap.hpp"
#include "sluice/topic/pattern.hpp"

namespace sluice {

/// Which topic ids a subscription wants: its pattern, translated once, so that `poll` asks for each record
/// with an integer instead of a name.
///
/// - The firehose wants every id and needs no memory.
/// - An exact pattern is a comparison of ids: its topic is interned when the filter is made.
/// - Any other pattern is a bitmap, to which the topic table adds every matching topic before that topic can
///   be found. So no record can exist that a live filter wants and does not know.
///
/// Get one from `TopicTable::add_filter`; the table keeps it current until its last slot is removed. After
/// that it stays valid, for whoever holds it, but learns of no new topics.
///
/// Thread safety: `matches` may be called from any thread at any time. `reserve` and `add` are for one thread
/// at a time; the topic table calls them under its lock.
///
/// Memory ordering: see `TopicBitmap`.
class TopicFilter {
 public:
  /// The filter of a pattern that is not exact, over the ids 0 to `max_topics - 1`; no topic is in it yet
  /// (the firehose has them all from the start). Throws `std::bad_alloc`.
  TopicFilter(Pattern pattern, std::uint32_t max_topics);

  /// The filter that wants the one topic with this id, which is the one that `pattern` names.
  struct ExactId {
    std::uint32_t id;
  };
  TopicFilter(Pattern pattern, ExactId exact);

  /// The question itself, with all that it takes: a loop over records keeps it in registers.
  class Test {
   public:
    [[nodiscard]] bool operator()(std::uint32_t topic_id) const noexcept {
      if ((topic_id & compared_) == expected_) [[likely]]
        return true;
      return bitmap_ != nullptr && bitmap_->test(topic_id);
    }

   private:
    friend class TopicFilter;
    Test(std::uint32_t compared, std::uint32_t expected, const TopicBitmap* bitmap) noexcept
        : compared_(compared), expected_(expected), bitmap_(bitmap) {}

    std::uint32_t compared_;  ///< the bits that decide: of an exact id all, else none
    std::uint32_t expected_;  ///< what they must be; for a bitmap what they never are
    const TopicBitmap* bitmap_;
  };
  /// Valid for as long as the filter.
  [[nodiscard]] Test test() const noexcept {
    switch (kind_) {
      case Kind::everything:
        return {0, 0, nullptr};
      case Kind::exact:
        return {~0U, exact_id_, nullptr};
      case Kind::bitmap:
        break;
    }
    return {0, 1, &*bitmap_};
  }

  /// Whether the subscription wants events of the topic with this id. Allocates nothing, takes no lock.
  [[nodiscard]] bool matches(std::uint32_t topic_id) const noexcept { return test()(topic_id); }

  /// Whether every topic matches, so that there is no need to ask.
  [[nodiscard]] bool matches_everything() const noexcept { return kind_ == Kind::everything; }

  [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }

  /// Makes room for `add(topic_id)`. Throws `std::bad_alloc` and has then changed nothing.
  void reserve(std::uint32_t topic_id);

  /// Adds a topic, reserved before, that the pattern matches. Nothing to do unless the filter is a bitmap.
  void add(std::uint32_t topic_id) noexcept;

 private:
  enum class Kind : std::uint8_t { everything, exact, bitmap };

  Pattern pattern_;
  Kind kind_;
  std::uint32_t exact_id_ = 0;
  std::optional<TopicBitmap> bitmap_;
};

}  // namespace sluice

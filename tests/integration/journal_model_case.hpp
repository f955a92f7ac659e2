#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/base/clock.hpp"

#include "integration/journal_model.hpp"
#include "integration/journal_model_commands.hpp"
#include "integration/journal_model_run.hpp"
#include "unit/journal/temporary_directory.hpp"

/// One sequence of commands, on a journal and on its model.
namespace sluice::test::model {

/// Over all cases, so that a test that tests nothing is seen.
struct Totals {
  std::uint64_t commands = 0;
  std::uint64_t events = 0;
  std::uint64_t hidden = 0;   ///< events that a whole read did not show
  std::uint64_t removed = 0;  ///< segments
  std::uint64_t gaps = 0;     ///< reads from below the oldest position
  std::uint64_t reopened = 0;
  std::uint64_t killed = 0;
  std::uint64_t from_ring = 0;  ///< events that were in no file when their process was killed
  std::uint64_t lost = 0;       ///< the same, without a ring file
  std::uint64_t held = 0;       ///< commands that ended with a cursor holding the journal up
};

/// Ends the case; `what` is what is not as it should be.
[[noreturn]] void fail(const std::string& what);
inline void require(bool holds, const std::string& what) {
  if (!holds) fail(what);
}
template <class T>
T value_of(Result<T> result) {
  if (!result) fail(result.error().to_string());
  return *std::move(result);
}
inline void value_of(const Result<void>& result) {
  if (!result) fail(result.error().to_string());
}
inline std::string at(std::uint32_t shard, std::uint64_t position) {
  return "shard " + std::to_string(shard) + ", position " + std::to_string(position);
}
/// The position that a `gap` says the log begins at.
std::uint64_t named_oldest(const Error& error);

class Case {
 public:
  Case(Totals& totals, Graveyard& graveyard, const Setup& setup);

  void run(const Command& command) {
    ++totals_->commands;
    std::visit([this](const auto& what) { apply(what); }, command.what);
    check();
  }

 private:
  // Publishing: journal_model_publish.cpp.
  void apply(const Publish& publish);
  bool publish_once(const Publish& publish, const std::string& topic, PublishOptions options);
  template <class Call>
  bool attempt(Call call);
  void take(std::size_t expected, const std::string& topic, const PublishOptions& options,
            const std::vector<std::string>& payloads);

  // The other commands: journal_model_case.cpp.
  void apply(const StepClock& step);
  void apply(const Retain&);
  void apply(const Read& read);
  void apply(const StoreCursor& store);
  void apply(const RemoveCursor& remove);
  void apply(const Reopen& reopen);
  void open();
  /// How a run ended, by shard.
  struct Ended {
    bool had_ring = false;
    bool was_closed = false;
    std::vector<std::uint64_t> ends{};     ///< of what is kept
    std::vector<std::uint64_t> in_ring{};  ///< events that no file had
  };
  Ended end(const Reopen& reopen);
  void check_recovery(const Ended& ended);
  void kill(const Reopen& reopen);
  void lose_what_no_file_has();
  [[nodiscard]] std::uint64_t position(const Place& place);
  [[nodiscard]] std::uint32_t shard_of(std::uint32_t drawn) const {
    return drawn % static_cast<std::uint32_t>(model_.shards.size());
  }

  // What holds after each of them: journal_model_checks.cpp.
  void check();
  void settle();
  void check_segments();
  void check_removal(const Segments& now);
  void check_entry(const detail::SegmentEntry& before, const detail::SegmentEntry& now) const;
  void check_history(std::uint32_t shard);
  void check_cursors();
  [[nodiscard]] std::uint64_t find_oldest(std::uint32_t shard);
  [[nodiscard]] Segments list() const;

  Totals* totals_;
  Graveyard* graveyard_;
  Setup setup_;
  TemporaryDirectory place_{TemporaryDirectory::fast_parent()};
  const std::string directory_ = place_.file("journal");
  const std::string rings_ = place_.file("rings");
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1'800'000'000'000'000'000);
  Model model_;
  std::unique_ptr<Run> run_;
  std::uint64_t number_ = 0;  ///< of the next event

  // As they were at the last check.
  Segments segments_;
  std::int64_t checked_ns_ = 0;
  std::int64_t latest_ns_ = 0;       ///< the latest that a removal still under way may have gone by
  std::uint64_t checked_bytes_ = 0;  ///< tails, all shards together
  bool was_held_ = false;
  bool is_comparable_ = true;  ///< whether `segments_` and those of now tell what was removed between
};

}  // namespace sluice::test::model

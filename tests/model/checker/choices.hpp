#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

/// The one source of non-determinism: who runs next, which of several visible stores a load returns, whether
/// a weak compare-and-swap fails for no reason. A schedule *is* the list of its choices, so listing them all
/// is a depth-first walk over such lists, and replaying one is reading it back.
///
/// Choice 0 is always the plain one: go on with the same thread, read the newest store, succeed.
class Choices {
 public:
  /// Walks every list, starting with all zeros.
  static Choices exhaustive() { return {}; }
  /// Draws each list from `seed`; there is always a next one.
  static Choices random(std::uint64_t seed);
  /// Follows `text`, as `to_string` wrote it, and then always takes choice 0. A leading ~ marks a drawn list.
  static Choices replay(std::string_view text);

  /// One of `options`, from 0 on. Always 0 when there is but one.
  int choose(int options) {
    if (options <= 1 || is_settled_) return 0;
    if (position_ < path_.size()) return path_[position_++].taken;
    return choose_anew(options);
  }

  /// What is left of this schedule is of no interest: it takes choice 0 wherever it has one.
  void settle() noexcept { is_settled_ = true; }
  [[nodiscard]] bool is_settled() const noexcept { return is_settled_; }

  /// Back to the first choice, on to the next list; false when all have been walked.
  bool next();

  [[nodiscard]] bool is_random() const noexcept { return mode_ == Mode::random; }
  /// Drawn lists, replayed or not, keep to no bound on preemptions, and leave none out as redundant.
  [[nodiscard]] bool is_free() const noexcept { return is_free_; }
  /// The choices made so far. Runs of zeros are written as (how many), trailing ones not at all.
  [[nodiscard]] std::string to_string() const;
  /// Tells lists apart; only random mode draws one twice.
  [[nodiscard]] std::uint64_t fingerprint() const noexcept;

  /// The most options that one choice may have: a digit or a lower-case letter each.
  static constexpr int kMaxOptions = 36;

 private:
  enum class Mode : std::uint8_t { exhaustive, random, replay };
  struct Choice {
    std::uint8_t taken;
    std::uint8_t options;
  };

  int choose_anew(int options);
  void seed_schedule();
  std::uint64_t draw() noexcept;

  Mode mode_ = Mode::exhaustive;
  bool is_free_ = false;
  bool is_settled_ = false;
  std::vector<Choice> path_;
  std::size_t position_ = 0;
  std::uint64_t random_ = 0;
  std::uint64_t plain_out_of_16_ = 8;
};

}  // namespace sluice::model

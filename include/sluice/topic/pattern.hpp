#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice {

/// What a subscription asks for: a topic name in which a whole token may be `*`, which matches one token, and
/// the last may be `>`, which matches the one or more tokens that remain.
///
/// | pattern    | matches                      | doesn't match                  |
/// |------------|------------------------------|--------------------------------|
/// | `orders.*` | `orders.new`                 | `orders`, `orders.new.eu`      |
/// | `*.new`    | `orders.new`                 | `new`, `orders.old`            |
/// | `md.>`     | `md.fx`, `md.fx.EURUSD`      | `md`, `mdx.fx`                 |
/// | `>`        | every topic: the firehose    |                                |
///
/// A pattern without a wildcard matches the topic of that name alone. Matching walks both texts once and
/// allocates nothing; there is no backtracking, because `*` never spans a dot and `>` is always last.
///
/// Thread safety: a value; a pattern that nobody assigns to may be read by any number of threads.
class Pattern {
 public:
  /// Reads a pattern. The empty text is the firehose. Otherwise the rules, limits and columns are those of
  /// `validate_topic`, with wildcards allowed; what breaks them is `invalid_pattern`.
  [[nodiscard]] static Result<Pattern> parse(std::string_view text);

  /// The firehose: matches every topic. Its text is `>`.
  [[nodiscard]] static Pattern everything();

  /// Whether the valid topic name `topic` is meant. An empty `topic` is none and never matches; for other
  /// invalid names the answer has no meaning.
  [[nodiscard]] bool matches(std::string_view topic) const noexcept;

  /// Whether there is no wildcard, so that `text()` is the one topic that matches.
  [[nodiscard]] bool is_exact() const noexcept { return kind_ == Kind::exact; }

  /// Whether this is the firehose.
  [[nodiscard]] bool matches_everything() const noexcept { return kind_ == Kind::everything; }

  /// The pattern as it was given; `>` for the firehose.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Equal patterns have the same text. Different texts always mean different sets of topics.
  friend bool operator==(const Pattern& left, const Pattern& right) noexcept {
    return left.text_ == right.text_;
  }

 private:
  enum class Kind : std::uint8_t { exact, wildcard, everything };

  Pattern(std::string_view text, Kind kind) : text_(text), kind_(kind) {}

  std::string text_;
  Kind kind_;
};

}  // namespace sluice

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sluice/topic/name.hpp"
#include "sluice/topic/pattern.hpp"

namespace sluice {
namespace {

using Tokens = std::vector<std::string>;

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += (text.empty() ? "" : ".") + token;
  return text;
}

/// The definition of matching, as plain as it can be put: on token lists, by recursion.
bool naive_match(const Tokens& pattern, const Tokens& topic, std::size_t p = 0, std::size_t t = 0) {
  if (p == pattern.size()) return t == topic.size();
  if (t == topic.size()) return false;
  if (pattern[p] == ">") return true;
  return (pattern[p] == "*" || pattern[p] == topic[t]) && naive_match(pattern, topic, p + 1, t + 1);
}

/// One or two characters out of three, so that tokens often agree and often share a beginning.
rc::Gen<std::string> token() {
  return rc::gen::element<std::string>("a", "b", "ab", "aa", "ba", "-");
}

Tokens any_topic() {
  return *rc::gen::resize(5, rc::gen::nonEmpty(rc::gen::container<Tokens>(token())));
}

/// A topic in which each token may have become `*`, and the end `>`: so about half of the pairs match.
Tokens any_pattern(const Tokens& seed) {
  Tokens pattern = seed;
  for (std::string& part : pattern) {
    const int choice = *rc::gen::inRange(0, 8);
    if (choice < 3) part = "*";
    if (choice == 3) part = *token();
  }
  const int ending = *rc::gen::inRange(0, 4);
  if (ending == 0) pattern.back() = ">";
  if (ending == 1) pattern.push_back(*rc::gen::element<std::string>("*", ">", "a"));
  return pattern;
}

TEST(PatternProperty, agrees_with_the_naive_matcher_on_related_names) {
  EXPECT_TRUE(rc::check("related", [] {
    const Tokens topic = any_topic();
    const Tokens pattern = any_pattern(topic);
    const bool expected = naive_match(pattern, topic);
    RC_CLASSIFY(expected, "matches");
    RC_ASSERT(Pattern::parse(joined(pattern)).value().matches(joined(topic)) == expected);
  }));
}

TEST(PatternProperty, agrees_with_the_naive_matcher_on_unrelated_names) {
  EXPECT_TRUE(rc::check("unrelated", [] {
    const Tokens topic = any_topic();
    const Tokens pattern = any_pattern(any_topic());
    RC_ASSERT(Pattern::parse(joined(pattern)).value().matches(joined(topic)) == naive_match(pattern, topic));
  }));
}

TEST(PatternProperty, text_without_wildcards_is_a_pattern_exactly_if_it_is_a_topic) {
  EXPECT_TRUE(rc::check("same rules", [] {
    const auto text = *rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::element('a', '.', '_', ' ', '~'), rc::gen::arbitrary<char>())));
    RC_PRE(text.find_first_of("*>") == std::string::npos);
    const auto parsed = Pattern::parse(text);
    RC_ASSERT(parsed.has_value() == validate_topic(text).has_value());
    if (parsed) RC_ASSERT(parsed->is_exact() && parsed->matches(text));
  }));
}

TEST(PatternProperty, any_text_is_parsed_or_refused_with_a_message) {
  EXPECT_TRUE(rc::check("no text breaks it", [] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::element('a', '.', '*', '>'), rc::gen::arbitrary<char>()));
    const auto parsed = Pattern::parse(text);
    if (parsed) {
      RC_ASSERT(parsed->text() == (text.empty() ? ">" : text));
      RC_ASSERT(Pattern::parse(parsed->text()).value() == *parsed);
    } else {
      RC_ASSERT(parsed.error().code == ErrorCode::invalid_pattern && !parsed.error().message.empty());
    }
  }));
}

}  // namespace
}  // namespace sluice

// What README.md shows of the `sluice` command is what it prints, but for numbers, ids and times.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <regex>

#include <gtest/gtest.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

/// The lines of the block under `<!-- transcript: sluice -->`.
std::vector<std::string> shown_in_readme() {
  const std::string text = file_text(std::string(SLUICE_SOURCE_TREE) + "/README.md");
  const std::string marker = "<!-- transcript: sluice -->\n```\n";
  const std::size_t begin = text.find(marker);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find("```", begin + marker.size());
  Ran block;
  block.out = text.substr(begin + marker.size(), end - begin - marker.size());
  return block.lines();
}

std::string shape_of(std::string line) {
  line = std::regex_replace(line, std::regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID");
  line = std::regex_replace(line, std::regex("[0-9a-f]{16}"), "HEX");
  line = std::regex_replace(line, std::regex("[0-9]+"), "#");
  return std::regex_replace(line, std::regex(" +"), " ");
}

TEST(CommandLineReadme, shows_what_the_command_prints) {
  const TemporaryDirectory directory;
  {
    const auto kept = journal(directory.file("journal"));
    Bus bus = Bus::open({.persistence = kept}).value();
    bus.publish("orders.new", "42 pears", {.metadata = {{"side", "buy"}}}).value();
    const double quote[] = {1.5, 2.5};
    bus.publish("md.pears", std::as_bytes(std::span(quote))).value();
    bus.publish("orders.new", "7 plums", {.metadata = {{"side", "sell"}}}).value();
    kept->store_cursor("audit", 0, 64, CursorRetention::gap).value();
  }
  const auto shown = shown_in_readme();
  ASSERT_FALSE(shown.empty());
  std::string expected;
  std::string printed;
  int commands = 0;
  for (const std::string& line : shown) {
    if (!line.empty()) expected += shape_of(line) + "\n";
    if (!line.starts_with("$ sluice ")) continue;
    ++commands;
    printed += line + "\n";
    const Ran ran = sluice_command(line.substr(9), directory.path());
    EXPECT_EQ(ran.status, 0) << line << ran.err;
    for (const std::string& told : ran.lines()) {
      if (!told.empty()) printed += shape_of(told) + "\n";
    }
  }
  EXPECT_EQ(commands, 3);
  EXPECT_EQ(printed, expected);
}

}  // namespace
}  // namespace sluice::test
#endif

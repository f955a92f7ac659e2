// What README.md shows of the `sluice` command is what it prints, but for numbers, ids and times.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <regex>

#include <gtest/gtest.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

/// The lines of the block under `<!-- transcript: <name> -->`.
std::vector<std::string> shown_in_readme(const std::string& name) {
  const std::string text = file_text(std::string(SLUICE_SOURCE_TREE) + "/README.md");
  const std::string marker = "<!-- transcript: " + name + " -->\n```\n";
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

/// The journal that the README looks at.
class CommandLineReadme : public testing::Test {
 protected:
  CommandLineReadme() {
    const auto kept = journal(directory_.file("journal"));
    Bus bus = Bus::open({.persistence = kept}).value();
    bus.publish("orders.new", "42 pears", {.metadata = {{"side", "buy"}}}).value();
    const double quote[] = {1.5, 2.5};
    bus.publish("md.pears", std::as_bytes(std::span(quote))).value();
    bus.publish("orders.new", "7 plums", {.metadata = {{"side", "sell"}}}).value();
    kept->store_cursor("audit", 0, 64, CursorRetention::gap).value();
  }

  /// Runs the commands of a block; it must show so many, and what they print.
  void check(const std::string& name, int commands_shown, int status) const {
    const auto shown = shown_in_readme(name);
    ASSERT_FALSE(shown.empty());
    std::string expected;
    std::string printed;
    int commands = 0;
    for (const std::string& line : shown) {
      if (!line.empty()) expected += shape_of(line) + "\n";
      if (!line.starts_with("$ sluice ")) continue;
      ++commands;
      printed += line + "\n";
      const Ran ran = sluice_command(line.substr(9), directory_.path());
      EXPECT_EQ(ran.status, status) << line << ran.err;
      for (const std::string& told : ran.lines()) {
        if (!told.empty()) printed += shape_of(told) + "\n";
      }
    }
    EXPECT_EQ(commands, commands_shown);
    EXPECT_EQ(printed, expected);
  }

  TemporaryDirectory directory_;
};

TEST_F(CommandLineReadme, shows_what_the_command_prints) {
  check("sluice", 3, 0);
}

TEST_F(CommandLineReadme, shows_what_a_repair_prints) {
  for (const auto& entry : std::filesystem::directory_iterator(directory_.file("journal"))) {
    if (entry.path().extension() != ".segment") continue;
    std::fstream(entry.path(), std::ios::binary | std::ios::in | std::ios::out).seekp(4160 + 30).put('?');
  }
  check("sluice repair", 1, 1);
}

}  // namespace
}  // namespace sluice::test
#endif

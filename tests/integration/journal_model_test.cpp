// A journal against a list of events in memory: commands are drawn, and after each of them the journal has
// what the list has, unchanged and in order, but for what its limits and times to live took away; and they
// took nothing else.
//
// 300 sequences of commands by default, 10,000 with SLUICE_TEST_FULL=1. SLUICE_TEST_SEED=n draws the same
// ones again.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "integration/journal_model_case.hpp"
#include "integration/journal_model_commands.hpp"
#include "integration/journal_model_run.hpp"
#include "stress/scale.hpp"

namespace sluice::test::model {
namespace {

/// In parts, so that each ends within the time that a test may take.
constexpr std::uint64_t kParts = 4;
class JournalModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(JournalModel, has_what_was_published_whatever_is_done_to_it) {
  Totals totals;
  Graveyard graveyard;
  std::string fault;
  const auto property = [&] {
    const auto setup = *rc::gen::exec([] { return any_setup(); });
    const auto commands = *any_commands();
    try {
      Case one(totals, graveyard, setup);
      for (const Command& command : commands) one.run(command);
    } catch (const rc::detail::CaseResult& result) {
      fault = result.description;  // the library would run the case once more to know it
      throw;
    }
  };
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = "a journal and its model";
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.seed = stress::run_seed() + GetParam();
  constexpr stress::Scale kCases{.plain = 300, .sanitized = 40, .full_plain = 10'000, .full_sanitized = 400};
  params.maxSuccess = static_cast<int>(kCases.pick() / kParts);
  const auto result = rc::detail::checkTestable(property, metadata, params);
  rc::detail::printResultMessage(result, std::cout);
  std::cout << "\n";
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << fault;
  const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
  std::printf(
      "%d cases, %llu commands, %llu events (%llu times hidden by their time to live), %llu segments "
      "removed, "
      "%llu reads from before what is kept\n%llu times reopened, %llu times killed; %llu events brought in "
      "from rings, %llu lost for want of a ring file; %llu commands ended with a cursor holding the "
      "journal\n",
      params.maxSuccess, count(totals.commands), count(totals.events), count(totals.hidden),
      count(totals.removed), count(totals.gaps), count(totals.reopened), count(totals.killed),
      count(totals.from_ring), count(totals.lost), count(totals.held));
}
INSTANTIATE_TEST_SUITE_P(Part, JournalModel, testing::Range(std::uint64_t{0}, kParts));

}  // namespace
}  // namespace sluice::test::model

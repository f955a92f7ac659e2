#include <algorithm>
#include <cctype>
#include <iostream>
#include <ostream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/catalogue.hpp"
#include "stress/scale.hpp"

/// Every model of the catalogue, under every schedule within its bounds. A few are kept to one preemption in
/// daily runs; `SLUICE_TEST_FULL=1` gives them two as well, and prints how many schedules each model has.
namespace sluice::model {

// For gtest's messages, which would list the bytes otherwise.
void PrintTo(const Model& model, std::ostream* out) {
  *out << model.name;
}

namespace {

std::string test_name(const testing::TestParamInfo<Model>& info) {
  std::string name = info.param.name;
  name.erase(std::remove_if(name.begin(), name.end(),
                            [](unsigned char c) { return std::ispunct(c) != 0 && c != '_'; }),
             name.end());
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class Models : public testing::TestWithParam<Model> {};
INSTANTIATE_TEST_SUITE_P(, Models, testing::ValuesIn(catalogue()), test_name);

TEST_P(Models, holds) {
  Model model = GetParam();
  if (stress::is_full_run()) model.options.preemptions = std::max(model.options.preemptions, 2);
  const Report report = explore(model);
  EXPECT_EQ(complaint(model, report), "") << report;
  if (stress::is_full_run()) {
    std::cout << "schedules: " << report.schedules << (report.exhausted ? ", all" : ", drawn") << "\n";
  }
}

TEST(Catalogue, names_each_model_once) {
  std::set<std::string> names;
  for (const Model& model : catalogue()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name << " is there twice";
  }
}

}  // namespace
}  // namespace sluice::model

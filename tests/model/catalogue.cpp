#include "model/catalogue.hpp"

#include <iterator>
#include <utility>

namespace sluice::model {

// Weak: what is not linked is left out, so that the mutants of one header need only its models compiled.
[[gnu::weak]] std::vector<Model> ring_models();
[[gnu::weak]] std::vector<Model> join_models();
[[gnu::weak]] std::vector<Model> group_models();
[[gnu::weak]] std::vector<Model> span_models();
[[gnu::weak]] std::vector<Model> drop_models();
[[gnu::weak]] std::vector<Model> parking_models();
[[gnu::weak]] std::vector<Model> close_models();
[[gnu::weak]] std::vector<Model> turnstile_models();
[[gnu::weak]] std::vector<Model> dispatch_models();

std::vector<Model> catalogue() {
  std::vector<Model> all;
  for (const auto area : {ring_models, join_models, group_models, span_models, drop_models, parking_models,
                          close_models, turnstile_models, dispatch_models}) {
    if (area == nullptr) continue;
    std::vector<Model> models = area();
    all.insert(all.end(), std::make_move_iterator(models.begin()), std::make_move_iterator(models.end()));
  }
  return all;
}

Report explore(const Model& model, std::vector<Mutation> mutations) {
  Options options = model.options;
  options.name = model.name;
  options.mutations = std::move(mutations);
  return explore(options, model.setup);
}

std::string complaint(const Model& model, const Report& report) {
  if (!report.passed()) return report.failure;
  if (model.options.random_schedules == 0 && !report.exhausted) return "it was left unfinished";
  for (const std::string& wanted : model.must_occur) {
    if (!report.saw(wanted)) return "the outcome '" + wanted + "' never occurred";
  }
  return {};
}

}  // namespace sluice::model

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/checker/explore.hpp"

namespace sluice::model {

/// One specification: what may happen, what must occur, and, by `require` in its threads, what must not.
///
/// Each is explored as it is by `models_test.cpp`, and again under every mutant by `model_mutants`. So keep
/// it small: one that takes a fraction of a second kills mutants cheaply, and what no small model sees is for
/// a large one of its own.
struct Model {
  std::string name = {};  ///< words and blanks, "area: what it says"; unique, and the replay string's name
  Options options = {};   ///< `name` is filled in from above
  std::function<void(Scenario&)> setup = {};
  std::vector<std::string> must_occur = {};  ///< outcomes that some schedule has to come to
};

/// Each is defined in its own <name>_models.cpp.
std::vector<Model> ring_models();
std::vector<Model> join_models();
std::vector<Model> group_models();
std::vector<Model> span_models();
std::vector<Model> drop_models();
std::vector<Model> parking_models();
std::vector<Model> close_models();
std::vector<Model> turnstile_models();
std::vector<Model> dispatch_models();

/// All of them.
std::vector<Model> catalogue();

/// Explores a model under its own options, with `mutations`.
Report explore(const Model& model, std::vector<Mutation> mutations = {});

/// Why `report` is not what `model` asks for: it failed, was left unfinished (unless drawn), or never came to
/// an outcome that must occur. Empty when it is.
std::string complaint(const Model& model, const Report& report);

}  // namespace sluice::model

#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// A ring for one producer and a ring for several are two protocols with one contract: what has to hold in
/// both is modelled for both.
namespace sluice::model {

/// Each model for either kind of ring, its name completed: the area before, the kind behind.
inline std::vector<Model> of_either_kind(std::initializer_list<Model (*)(Producers)> models) {
  std::vector<Model> all;
  for (const auto of : models) {
    for (const Producers producers : {Producers::single, Producers::multi}) {
      Model model = of(producers);
      const char* kind = producers == Producers::single ? ", one producer" : ", several allowed";
      model.name = "ring: " + model.name + kind;
      all.push_back(std::move(model));
    }
  }
  return all;
}

}  // namespace sluice::model

#include "topology/names.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace sluice::bench {

namespace {

/// Letters to insert, delete or replace until `a` is `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list;
}

std::string nearest(std::string_view given, const std::vector<std::string>& known) {
  std::string best;
  // More than a third of it wrong, and it was meant to be something else.
  std::size_t best_distance = given.size() / 3 + 2;
  for (const std::string& name : known) {
    const std::size_t far = distance(given, name);
    if (far >= best_distance) continue;
    best = name;
    best_distance = far;
  }
  return best;
}

std::string suggestion(std::string_view given, const std::vector<std::string>& known) {
  const std::string meant = nearest(given, known);
  return meant.empty() ? "" : "; did you mean " + meant + "?";
}

}  // namespace sluice::bench

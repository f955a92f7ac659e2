#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"

/// Runs the catalogue under mutants: what `tools/mutants` drives. It writes one JSON object a line.
namespace sluice::model {
namespace {

constexpr std::string_view kUsage = R"(usage: model_mutants [--check] [--quick N] [--most N] [--models TEXT]

Explores every model of the catalogue as it is and tells what it came by, one JSON object a line. Then reads
mutants from standard input, one a line, and tells for each which model kills it:

  NAME <tab> PLACE=ORDER [<tab> PLACE=ORDER ...]

where a place is FILE:LINE:OPERATION as the sites were told, and an order is relaxed, acquire, release or, for a
fence, removed. Models that come by a place run in order of their cost, first up to a bound, then to the end.

  --check        no mutants: stops at the first model that fails (the headers themselves are the mutant)
  --quick N      the first bound: so many schedules a model (20000)
  --most N       the second: so many schedules a model, 0 for all (0)
  --models TEXT  only models whose name contains it
)";

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20)
      json += c;
    else if (c == '\n')
      json += "\\n";
  }
  return json + '"';
}

struct Bounds {
  std::uint64_t quick = 20'000;
  std::uint64_t most = 0;
};

/// A model, and what it came to without mutants, up to the first bound.
struct Known {
  Model model;
  Report report;

  [[nodiscard]] bool comes_by(const Mutation& mutation) const {
    return std::any_of(report.sites.begin(), report.sites.end(),
                       [&](const Site& site) { return site.name() == mutation.at; });
  }
};

Report explore_up_to(const Model& model, std::uint64_t most, std::vector<Mutation> mutations) {
  Model bounded = model;
  bounded.options.max_schedules = most;
  if (most != 0) bounded.options.random_schedules = std::min(bounded.options.random_schedules, most);
  return explore(bounded, std::move(mutations));
}

void tell(const Known& known) {
  std::string sites;
  for (const Site& site : known.report.sites) {
    sites += (sites.empty() ? "" : ", ") + quoted(site.name() + '=' + std::string(to_string(site.order)));
  }
  std::cout << "{\"model\": " << quoted(known.model.name) << ", \"schedules\": " << known.report.schedules
            << ", \"exhausted\": " << (known.report.exhausted ? "true" : "false")
            << ", \"seconds\": " << known.report.seconds << ", \"failure\": " << quoted(known.report.failure)
            << ", \"sites\": [" << sites << "]}" << std::endl;
}

/// Without mutants, each up to the first bound; cheapest first.
std::vector<Known> explore_all(const Bounds& bounds, std::string_view wanted) {
  std::vector<Known> all;
  for (Model& model : catalogue()) {
    if (model.name.find(wanted) == std::string::npos) continue;
    Report report = explore_up_to(model, bounds.quick, {});
    all.push_back({std::move(model), std::move(report)});
    tell(all.back());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Known& a, const Known& b) { return a.report.operations < b.report.operations; });
  return all;
}

struct Mutant {
  std::string name;
  std::vector<Mutation> mutations;

  static std::optional<Mutant> parse(const std::string& line) {
    std::istringstream fields(line);
    Mutant mutant;
    if (!std::getline(fields, mutant.name, '\t')) return std::nullopt;
    for (std::string field; std::getline(fields, field, '\t');) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) return std::nullopt;
      const std::string order = field.substr(equals + 1);
      std::memory_order to = std::memory_order_relaxed;
      if (order == "acquire")
        to = std::memory_order_acquire;
      else if (order == "release")
        to = std::memory_order_release;
      else if (order != "relaxed" && order != "removed")
        return std::nullopt;
      mutant.mutations.push_back({field.substr(0, equals), to});
    }
    if (mutant.mutations.empty()) return std::nullopt;
    return mutant;
  }
};

void run(const Mutant& mutant, std::vector<Known>& all, const Bounds& bounds) {
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t schedules = 0;
  std::size_t models = 0;
  bool exhausted = true;
  std::string killer;
  std::string failure;
  // A bounded look at each, then those again that are not through.
  std::vector<const Known*> unfinished;
  const auto try_one = [&](const Known& known, std::uint64_t most) {
    const Report report = explore_up_to(known.model, most, mutant.mutations);
    schedules += report.schedules;
    if (!report.passed()) {
      killer = known.model.name;
      failure = report.failure;
    }
    return report.exhausted || known.model.options.random_schedules != 0;
  };
  for (const Known& known : all) {
    const auto comes_by = [&](const Mutation& mutation) { return known.comes_by(mutation); };
    if (std::none_of(mutant.mutations.begin(), mutant.mutations.end(), comes_by)) continue;
    ++models;
    if (!try_one(known, bounds.quick)) unfinished.push_back(&known);
    if (!killer.empty()) break;
  }
  if (killer.empty()) {
    for (const Known* known : unfinished) {
      if (bounds.most == 0 || bounds.most > bounds.quick)
        exhausted = try_one(*known, bounds.most) && exhausted;
      else
        exhausted = false;
      if (!killer.empty()) break;
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << "{\"mutant\": " << quoted(mutant.name) << ", \"killed_by\": " << quoted(killer)
            << ", \"failure\": " << quoted(failure) << ", \"schedules\": " << schedules
            << ", \"models\": " << models << ", \"exhausted\": " << (exhausted ? "true" : "false")
            << ", \"seconds\": " << seconds << "}" << std::endl;
}

/// The headers are the mutant: the first model that fails is told, and none after it.
int check(const Bounds& bounds, std::string_view wanted) {
  std::uint64_t schedules = 0;
  for (const std::uint64_t most : {bounds.quick, bounds.most}) {
    for (const Model& model : catalogue()) {
      if (model.name.find(wanted) == std::string::npos) continue;
      // Told before: a mutant may crash or hang.
      std::cout << "{\"running\": " << quoted(model.name) << "}" << std::endl;
      const Report report = explore_up_to(model, most, {});
      schedules += report.schedules;
      if (report.passed()) continue;
      std::cout << "{\"killed_by\": " << quoted(model.name) << ", \"failure\": " << quoted(report.failure)
                << ", \"schedules\": " << schedules << "}" << std::endl;
      return 1;
    }
    if (bounds.most != 0 && bounds.most <= bounds.quick) break;
  }
  std::cout << "{\"killed_by\": \"\", \"failure\": \"\", \"schedules\": " << schedules << "}" << std::endl;
  return 0;
}

int refuse(const std::string& why) {
  std::cerr << "model_mutants: " << why << "; see --help\n";
  return 2;
}

int main_of(const std::vector<std::string>& arguments) {
  Bounds bounds;
  std::string wanted;
  bool checks = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help") {
      std::cout << kUsage;
      return 0;
    }
    if (argument == "--check") {
      checks = true;
      continue;
    }
    if (argument != "--quick" && argument != "--most" && argument != "--models")
      return refuse("unknown argument '" + argument + "'");
    if (++i == arguments.size()) return refuse(argument + " needs a value");
    if (argument == "--models") {
      wanted = arguments[i];
      continue;
    }
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(arguments[i].c_str(), &end, 10);
    if (*end != '\0' || arguments[i].empty())
      return refuse(argument + " needs a number, not '" + arguments[i] + "'");
    (argument == "--quick" ? bounds.quick : bounds.most) = number;
  }
  if (checks) return check(bounds, wanted);

  std::vector<Known> all = explore_all(bounds, wanted);
  std::cout << "{\"ready\": " << all.size() << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    const auto mutant = Mutant::parse(line);
    if (!mutant) return refuse("this is not a mutant: '" + line + "'");
    run(*mutant, all, bounds);
  }
  return 0;
}

}  // namespace
}  // namespace sluice::model

int main(int count, char** values) {
  return sluice::model::main_of(std::vector<std::string>(values + 1, values + count));
}

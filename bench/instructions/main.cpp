// Runs cases whose instructions callgrind counts; tools/check_instructions is what people call.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "instructions/cases.hpp"

namespace sluice::bench {

namespace {

constexpr std::string_view kHelp =
    "usage: bench_instructions [--smoke | --list] [CASE...]\n"
    "\n"
    "Runs the cases (all of them if none is named) and prints, for each, its name and how many events were\n"
    "counted. The instructions are counted by callgrind: see tools/check_instructions --help.\n"
    "  --smoke  a few events each, to see that they run\n"
    "  --list   names the cases\n";

/// The counts hold for one compiler.
#if defined(__clang__)
constexpr const char* kCompiler = "clang++ " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

struct Options {
  Scale scale;
  std::vector<std::string_view> names;
  bool list = false;
};

void run(const Case& each, const Scale& scale) {
  Meter meter;
  each.run(meter, scale);
  meter.finish(each.name);
  std::printf("%s\t%llu\n", each.name.c_str(), static_cast<unsigned long long>(meter.events()));
  std::fflush(stdout);
}

int run(const Options& options) {
  std::vector<Case> cases = publish_cases();
  for (Case& each : poll_cases()) cases.push_back(std::move(each));
  if (options.list) {
    for (const Case& each : cases) std::puts(each.name.c_str());
    return 0;
  }
  for (const std::string_view name : options.names) {
    const bool known = std::ranges::any_of(cases, [&](const Case& each) { return each.name == name; });
    if (known) continue;
    std::fprintf(stderr, "bench_instructions: there is no case '%.*s'; --list names them\n",
                 static_cast<int>(name.size()), name.data());
    return 2;
  }
  std::printf("compiler\t%s\n", kCompiler);
  for (const Case& each : cases) {
    if (options.names.empty() || std::ranges::find(options.names, each.name) != options.names.end()) {
      run(each, options.scale);
    }
  }
  return 0;
}

int run(const std::vector<std::string_view>& arguments) {
  Options options;
  for (const std::string_view argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      std::fwrite(kHelp.data(), 1, kHelp.size(), stdout);
      return 0;
    }
    if (argument == "--smoke") {
      options.scale = {.rounds = 1, .many_topics = 1'000};
    } else if (argument == "--list") {
      options.list = true;
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "bench_instructions: unknown option '%.*s'; see --help\n",
                   static_cast<int>(argument.size()), argument.data());
      return 2;
    } else {
      options.names.push_back(argument);
    }
  }
  return run(options);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  try {
    return sluice::bench::run(std::vector<std::string_view>(argv + 1, argv + argc));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_instructions: %s\n", failure.what());
    return 1;
  }
}

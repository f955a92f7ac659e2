#include "topology/machine.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include <sys/utsname.h>

namespace sluice::bench {

namespace {

const std::string kUnknown = "unknown";

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return kUnknown;
}

std::string system_name() {
  utsname names{};
  if (::uname(&names) != 0) return kUnknown;
  return std::string(names.sysname) + " " + names.release;
}

/// Asked now rather than when this was configured: a commit since then would be missed.
std::string commit_of(const std::string& sources) {
  struct Close {
    void operator()(std::FILE* pipe) const noexcept { ::pclose(pipe); }
  };
  const std::string command =
      "git -C '" + sources + "' describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null";
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::array<char, 128> line{};
  if (pipe == nullptr || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return kUnknown;
  std::string commit = line.data();
  while (!commit.empty() && commit.back() == '\n') commit.pop_back();
  return commit;
}

std::string command_line(const std::vector<std::string_view>& arguments) {
  if (const char* given = std::getenv("SLUICE_BENCH_COMMAND"); given != nullptr) return given;
  std::string command = "bench_topology";
  for (const std::string_view argument : arguments) {
    command += ' ';
    command += argument;
  }
  return command;
}

}  // namespace

Origin find_origin(const std::vector<std::string_view>& arguments) {
  return {.cpu = cpu_name(),
          .system = system_name(),
          .compiler = "g++ " __VERSION__,
          .commit = commit_of(SLUICE_SOURCE_DIR),
          .command = command_line(arguments)};
}

}  // namespace sluice::bench

#pragma once

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

/// What a fuzz target ends the process with, beside what the sanitizers find.
namespace sluice::fuzz {

[[noreturn]] inline void finding(const std::string& what) {
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

inline void require(bool holds, const std::string& what) {
  if (!holds) finding(what);
}

/// Whatever one input asks for ends within a second of this thread's own time, however busy the machine is.
/// What never ends at all is the fuzzer's own limit to find.
class TimeLimit {
 public:
  TimeLimit() : began_(now()) {}
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() {
    if (now() - began_ > 1.0) finding("one input took " + std::to_string(now() - began_) + " s");
  }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  double began_;
};

}  // namespace sluice::fuzz

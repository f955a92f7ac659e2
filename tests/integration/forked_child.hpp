#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

/// Forked children that look at things, and tell by their exit status what they found.
namespace sluice::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// What a child finds. GoogleTest's own findings would stay in the child.
class InChild {
 public:
  void expect(bool holds, std::string_view what) {
    if (holds) return;
    std::fprintf(stderr, "in the child: not so: %.*s\n", static_cast<int>(what.size()), what.data());
    failed_ = true;
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  bool failed_ = false;
};

/// A child that runs `look(InChild&)` and ends: 0 if all held, 1 if not. One that hangs is killed after a
/// minute, by a signal.
template <class Look>
pid_t start_child(Look look) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  constexpr unsigned kHangs = 60;
  ::alarm(kHangs);
  InChild found;
  look(found);
  ::_exit(found.failed() ? 1 : 0);
}

/// Its exit status, or 128 and a signal.
inline int status_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

template <class Look>
int in_child(Look look) {
  return status_of(start_child(std::move(look)));
}

/// Children wait on it until their parent has done something.
class Gate {
 public:
  Gate() { EXPECT_EQ(::pipe(ends_), 0); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() {
    open();
    ::close(ends_[0]);
  }
  void open() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  /// Until every other process has opened it, or ended.
  void await() {
    open();
    char byte = 0;
    (void)!::read(ends_[0], &byte, 1);
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace sluice::test

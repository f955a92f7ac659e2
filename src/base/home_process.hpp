#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "sluice/base/result.hpp"

namespace sluice::platform {

/// The process that something belongs to: its threads, its locks and its files' positions are there, and a
/// forked child has only a picture of them. Asking takes a system call: for calls that set something up or
/// end it.
///
/// **Thread safety.** Any thread.
class HomeProcess {
 public:
  /// This process.
  HomeProcess() noexcept;

  /// False in a forked child.
  [[nodiscard]] bool is_here() const noexcept;
  /// `forked`, naming both processes, where it is not here. `what` belongs to it: "the bus \"trading\"".
  [[nodiscard]] Result<void> check(std::string_view what) const;
  [[nodiscard]] Error error(std::string_view what) const;

 private:
  int pid_;
};

/// Never destroys a value that its parent's threads may have been at work on when this child was forked, and
/// whose destructor would wait for them.
template <class T>
void abandon(T&& value) {
  static_cast<void>(new std::remove_reference_t<T>(std::move(value)));
}

}  // namespace sluice::platform

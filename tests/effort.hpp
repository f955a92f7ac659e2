#pragma once

#include <cstddef>
#include <cstdlib>

namespace sluice::test {

/// One of three, by how much this run is to do: all that there is (`SLUICE_TEST_FULL=1`), a sample, or a
/// smaller one, because under a sanitizer everything takes ten times as long.
struct Effort {
  std::size_t full = 0;
  std::size_t sample = 0;
  std::size_t sanitized = 0;

  [[nodiscard]] std::size_t now() const {
    if (std::getenv("SLUICE_TEST_FULL") != nullptr) return full;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return sanitized;
#else
    return sample;
#endif
  }
};

}  // namespace sluice::test

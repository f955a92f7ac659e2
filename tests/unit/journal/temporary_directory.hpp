#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "journal/file_system.hpp"

namespace sluice::test {

/// A directory of a test's own, gone with all that is in it when the test ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(testing::TempDir()) {}
  explicit TemporaryDirectory(const std::string& parent) : path_(detail::join_path(parent, "sluice_XXXXXX")) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("can't make " + path_);
  }
  /// In memory, where there is such a place: syncs cost nothing there.
  static std::string fast_parent() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : testing::TempDir();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return detail::join_path(path_, name); }

 private:
  std::string path_;
};

}  // namespace sluice::test

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "journal/file_system.hpp"

namespace sluice::detail {

/// Whether ranges of a file are zero. They are asked for one after the other, and come from one large read
/// after the other.
class ZeroCheck {
 public:
  explicit ZeroCheck(const File& file) : file_(&file) {}

  /// The offset of the first byte from `begin` to `end` that is not zero; nothing when all are. What lies
  /// behind the file's end is not looked at. Errors: those of reading.
  [[nodiscard]] Result<std::optional<std::uint64_t>> first_other(std::uint64_t begin, std::uint64_t end);

 private:
  const File* file_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_begin_ = 0;
};

}  // namespace sluice::detail

#pragma once

#include <cstddef>

#include "sluice/base/result.hpp"

namespace sluice::platform {

/// Zeroed anonymous memory, page-aligned and already backed by pages, so that no publisher ever faults on it.
/// From 2 MiB on it asks for huge pages. Owns the mapping; what lies in it is the caller's to synchronise.
///
/// A forked child has zeroes of its own in its place (from Linux 4.14 on; before that a copy): so no page of
/// the parent's is copied, and none has to be written anew, while it publishes, because a child might look.
class MappedMemory {
 public:
  /// Maps `bytes` (1 and up, rounded up to pages by the system). `out_of_memory` names the size when the
  /// machine doesn't have that much or the system refuses; `invalid_option` for 0.
  static Result<MappedMemory> allocate(std::size_t bytes);

  MappedMemory(MappedMemory&& other) noexcept;
  MappedMemory& operator=(MappedMemory&& other) noexcept;
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory();

  /// The first byte; null once it was moved from.
  [[nodiscard]] std::byte* data() const noexcept { return data_; }

  /// The bytes asked for; 0 once it was moved from.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  MappedMemory(std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}

  std::byte* data_;
  std::size_t size_;
};

/// Puts zeroed memory of this process's own in the place of what was mapped there, whatever that was. Made
/// for a forked child that must not touch memory that it shares with its parent; allocates nothing. Whole
/// pages only: what is left of the last one stays. False when the system refused: then nothing is mapped
/// there any more.
[[nodiscard]] bool replace_by_zeroes(std::byte* data, std::size_t bytes) noexcept;

}  // namespace sluice::platform

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "sluice/log/record.hpp"

namespace sluice::detail {

/// How much a subscription that must not read in place copies under its gate at a time: one bounded copy is
/// the longest that it ever holds a producer up. A single record that is larger is copied whole.
inline constexpr std::size_t kCopyBytes = 64 * 1024;

/// Records copied out of the ring, waiting for their handler. Belongs to the polling thread.
class CopyBuffer {
 public:
  struct Record {
    std::uint64_t position = 0;
    std::size_t offset = 0;
    log::CommitWord word;
    bool redelivered = false;
  };

  [[nodiscard]] bool empty() const noexcept { return next_ == records_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return records_.size() - next_; }
  [[nodiscard]] const Record& front() const noexcept { return records_[next_]; }
  [[nodiscard]] const std::byte* bytes(const Record& record) const noexcept {
    return bytes_.get() + record.offset;
  }
  /// Takes the front away; its bytes stay until the buffer is cleared.
  void pop() noexcept { ++next_; }

  void clear() noexcept {
    records_.clear();
    next_ = 0;
    used_ = 0;
  }
  /// Makes room for `bytes` and `count` records, before a gate is announced: nothing is allocated under one.
  void reserve(std::size_t bytes, std::size_t count) {
    if (bytes > capacity_) {
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
      capacity_ = bytes;
    }
    records_.reserve(count);
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return capacity_; }

  /// Plans a record, whose bytes `copy` fetches later.
  void plan(std::uint64_t position, log::CommitWord word) noexcept {
    records_.push_back({position, used_, word, false});
    used_ += log::align_record(word.length());
  }
  [[nodiscard]] std::size_t planned_bytes() const noexcept { return used_; }

  /// Fetches every planned record: `readable(position, length)` says where its bytes are.
  template <class Readable>
  void copy(Readable&& readable) noexcept {
    for (const Record& record : records_) {
      // The commit word is in the plan; as an atomic in the ring it is not read as plain bytes.
      constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
      const std::size_t body = record.word.length() - kWordBytes;
      std::byte* to = bytes_.get() + record.offset;
      const std::uint64_t bits = record.word.bits();
      std::memcpy(to, &bits, kWordBytes);
      std::memcpy(to + kWordBytes, readable(record.position + kWordBytes, body), body);
    }
  }
  void mark_first_redelivered() noexcept {
    if (!empty()) records_[next_].redelivered = true;
  }

 private:
  std::vector<Record> records_;
  std::size_t next_ = 0;
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

}  // namespace sluice::detail

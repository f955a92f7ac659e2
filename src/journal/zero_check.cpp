#include "journal/zero_check.hpp"

namespace sluice::detail {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

}  // namespace

Result<std::optional<std::uint64_t>> ZeroCheck::first_other(std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t at = begin; at < end; ++at) {
    if (at < buffer_begin_ || at >= buffer_begin_ + buffer_.size()) {
      buffer_.resize(kReadBytes);
      auto read = file_->read_at(at, buffer_);
      if (!read) return std::move(read).error();
      buffer_.resize(*read);
      buffer_begin_ = at;
      if (buffer_.empty()) break;
    }
    if (buffer_[static_cast<std::size_t>(at - buffer_begin_)] != std::byte{0}) return std::optional(at);
  }
  return std::optional<std::uint64_t>();
}

}  // namespace sluice::detail

#include "bus/metadata.hpp"

#include <cstdint>
#include <cstring>

#include "sluice/bus/event.hpp"
#include "sluice/log/record.hpp"

namespace sluice {

namespace {

std::size_t load_u16(const std::byte* from) noexcept {
  std::uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::byte* store(std::byte* to, const void* from, std::size_t bytes) noexcept {
  if (bytes != 0) std::memcpy(to, from, bytes);
  return to + bytes;
}

}  // namespace

namespace detail {

MetadataSize measure(MetadataPairs pairs) noexcept {
  MetadataSize size;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [key, value] = pairs[i];
    if (key.empty()) return {false, 0};
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (pairs[earlier].first == key) return {false, 0};
    }
    // Checked for each pair, so that no sum overflows.
    if (key.size() > log::kMaxMetadataBytes || value.size() > log::kMaxMetadataBytes) return {false, 0};
    size.bytes += kPairHeaderBytes + key.size() + value.size();
    if (size.bytes > log::kMaxMetadataBytes) return {false, 0};
  }
  return size;
}

std::byte* encode(MetadataPairs pairs, std::byte* to) noexcept {
  for (const auto& [key, value] : pairs) {
    const auto key_bytes = static_cast<std::uint16_t>(key.size());
    const auto value_bytes = static_cast<std::uint16_t>(value.size());
    to = store(to, &key_bytes, sizeof key_bytes);
    to = store(to, &value_bytes, sizeof value_bytes);
    to = store(to, key.data(), key.size());
    to = store(to, value.data(), value.size());
  }
  return to;
}

}  // namespace detail

MetadataView::iterator::value_type MetadataView::iterator::operator*() const noexcept {
  const std::size_t key_bytes = load_u16(at_);
  const std::size_t value_bytes = load_u16(at_ + 2);
  const char* key = reinterpret_cast<const char*>(at_ + detail::kPairHeaderBytes);
  return {std::string_view(key, key_bytes), std::string_view(key + key_bytes, value_bytes)};
}

MetadataView::iterator& MetadataView::iterator::operator++() noexcept {
  at_ += detail::kPairHeaderBytes + load_u16(at_) + load_u16(at_ + 2);
  return *this;
}

std::optional<std::string_view> MetadataView::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : *this) {
    if (name == key) return value;
  }
  return std::nullopt;
}

}  // namespace sluice

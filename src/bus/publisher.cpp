#include "sluice/bus/publisher.hpp"

#include "bus/core.hpp"

namespace sluice {

Claim::Claim(detail::PublisherCore& core, const log::Reservation& space, std::size_t payload_bytes) noexcept
    : core_(&core), space_(space), payload_bytes_(payload_bytes) {}

PublishResult Claim::commit(std::size_t payload_bytes) noexcept {
  if (core_ == nullptr) return {PublishStatus::claim_open, 0};
  return std::exchange(core_, nullptr)->commit_claim(space_, std::min(payload_bytes, payload_bytes_));
}

void Claim::abort() noexcept {
  if (core_ != nullptr) std::exchange(core_, nullptr)->abort_claim(space_);
}

PublishResult Publisher::publish(std::span<const std::byte> payload, const PublishOptions& options) noexcept {
  return core_->publish(payload, options);
}

PublishResult Publisher::publish_batch(std::span<const std::span<const std::byte>> payloads) noexcept {
  return core_->publish_batch(payloads, detail::MayWait::yes);
}

Result<Claim> Publisher::claim(std::size_t payload_bytes) {
  return claim(payload_bytes, detail::MayWait::yes);
}
Result<Claim> Publisher::try_claim(std::size_t payload_bytes) {
  return claim(payload_bytes, detail::MayWait::no);
}

Result<Claim> Publisher::claim(std::size_t payload_bytes, detail::MayWait may_wait) {
  const log::Reservation space = core_->open_claim(payload_bytes, may_wait);
  if (space.status != log::ClaimStatus::ok) return core_->describe_failure();
  return Claim(*core_, space, payload_bytes);
}

std::uint64_t Publisher::published() const noexcept {
  return core_->published.read();
}

}  // namespace sluice

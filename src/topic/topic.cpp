#include "sluice/topic/topic.hpp"

#include <new>
#include <utility>

namespace sluice {
namespace {

std::string described(const TypeIdentity& type) {
  return type.name + " (" + std::to_string(type.size) + " bytes)";
}

Error mismatch(std::string_view topic, const TypeIdentity& bound, const TypeIdentity& asked) {
  std::string message = "topic \"" + std::string(topic) + "\" carries " + described(bound) + ", not " +
                        described(asked) + "; use the type it carries, or another topic";
  if (bound.name == asked.name && bound.size == asked.size) {
    message += ". The two have one name and size but another layout: rename one or give it a version";
  }
  return Error{ErrorCode::type_mismatch, std::move(message)};
}

}  // namespace

Topic::Topic(std::uint32_t id, std::uint32_t shard, std::string_view name, std::uint32_t interest_words)
    : id_(id),
      shard_(shard),
      cold_(std::make_unique<Cold>(
          Cold{std::string(name), interest_words > kInlineInterestWords
                                      ? std::make_unique<log::Atomic<std::uint64_t>[]>(interest_words)
                                      : nullptr})) {
  const bool fits = cold_->further_interest == nullptr;
  interest_ = fits ? inline_interest_.data() : cold_->further_interest.get();
}

Topic::~Topic() {
  // Relaxed: whoever destroys the topic is ordered behind all its users.
  delete type_.load(std::memory_order_relaxed);
}

Result<void> Topic::bind_type(TypeIdentity type) const {
  const TypeIdentity* bound = this->type();
  if (bound == nullptr) {
    std::unique_ptr<const TypeIdentity> mine(new (std::nothrow) const TypeIdentity(std::move(type)));
    if (mine == nullptr) {
      return Error{ErrorCode::out_of_memory,
                   "no memory to bind a type to topic \"" + std::string(name()) + "\""};
    }
    // SYNC topic-type: the identity is visible to whoever sees its pointer; who loses sees the winner's.
    if (type_.compare_exchange_strong(bound, mine.get(), std::memory_order_release,
                                      std::memory_order_acquire)) {
      mine.release();
      return {};
    }
    return *bound == *mine ? Result<void>{} : mismatch(name(), *bound, *mine);
  }
  return *bound == type ? Result<void>{} : mismatch(name(), *bound, type);
}

void Topic::set_interest(std::uint32_t slot) noexcept {
  // Relaxed: who parks after this is ordered by its own fence, see `interest`; a publisher that has not seen
  // the bit yet runs before that fence, and its record is seen by the subscription's last look.
  interest_[slot / 64].fetch_or(std::uint64_t{1} << (slot % 64), std::memory_order_relaxed);
}

void Topic::clear_interest(std::uint32_t slot) noexcept {
  // Relaxed: a publisher that still sees the bit makes one needless wake-up.
  interest_[slot / 64].fetch_and(~(std::uint64_t{1} << (slot % 64)), std::memory_order_relaxed);
}

}  // namespace sluice

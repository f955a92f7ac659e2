#include "sluice/topic/filter.hpp"

#include <utility>

namespace sluice {

TopicFilter::TopicFilter(Pattern pattern, std::uint32_t max_topics)
    : pattern_(std::move(pattern)), kind_(pattern_.matches_everything() ? Kind::everything : Kind::bitmap) {
  if (kind_ == Kind::bitmap) bitmap_.emplace(max_topics);
}

TopicFilter::TopicFilter(Pattern pattern, ExactId exact)
    : pattern_(std::move(pattern)), kind_(Kind::exact), exact_id_(exact.id) {}

void TopicFilter::reserve(std::uint32_t topic_id) {
  if (kind_ == Kind::bitmap) bitmap_->reserve(topic_id);
}

void TopicFilter::add(std::uint32_t topic_id) noexcept {
  if (kind_ == Kind::bitmap) bitmap_->set(topic_id);
}

}  // namespace sluice

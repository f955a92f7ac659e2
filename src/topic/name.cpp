#include "sluice/topic/name.hpp"

#include "scan.hpp"

namespace sluice {

Result<void> validate_topic(std::string_view name) {
  if (name.empty()) {
    return Error{ErrorCode::missing_topic,
                 "the topic is empty; an event belongs to one topic: name it, as in \"orders.new\""};
  }
  return detail::scan_name(name, detail::NameKind::topic);
}

}  // namespace sluice

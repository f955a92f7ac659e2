#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sluice/log/gates.hpp"

namespace sluice::detail {

class SubscriptionState;
class Group;

/// Who holds a shard's producers back at this moment, and where.
struct Holder {
  std::uint64_t position = log::kNoGate;  ///< nobody when it is `kNoGate`
  std::string name;          ///< as people read it: `subscription "risk"`, `an open claim of ...`
  std::string subscription;  ///< its name, when it is one
  std::shared_ptr<SubscriptionState> member;  ///< who could be evicted; null when nobody could
  std::shared_ptr<Group> group;               ///< set when it is a group's cursor, so every member's fault
};

}  // namespace sluice::detail

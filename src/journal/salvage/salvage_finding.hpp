#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::detail {

/// Something that a repair found.
struct SalvageFinding {
  enum class Kind : std::uint8_t {
    note,    ///< nothing to repair: an opening puts it right by itself, or it does no harm
    damage,  ///< what a repair puts right
  };
  Kind kind = Kind::damage;
  std::string file{};                     ///< empty where there is none
  std::optional<std::uint64_t> offset{};  ///< in it
  std::optional<std::uint32_t> shard{};
  std::uint64_t from = 0;  ///< positions, if there is a shard
  std::uint64_t to = 0;
  std::string what{};
};

}  // namespace sluice::detail

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/error.hpp"

#include "journal/shard_reader.hpp"

namespace sluice::tools {

/// Something about a journal that somebody should know.
struct Finding {
  enum class Severity : std::uint8_t {
    note,    ///< nothing is wrong, or nothing that an opening would not put right by itself
    damage,  ///< not what was written
  };

  Severity severity = Severity::damage;
  std::string file{};
  std::optional<std::uint64_t> offset{};
  std::optional<std::uint32_t> shard{};
  std::optional<std::uint64_t> position{};  ///< where in the shard's log it begins
  std::optional<std::uint64_t> end{};       ///< where the log goes on
  std::string what{};
};

/// The finding behind an error that was met at `file`; its message is taken apart where it names an offset.
[[nodiscard]] Finding finding_of(const Error& error, const std::string& file);
[[nodiscard]] Finding finding_of(const detail::Hole& hole, std::uint32_t shard);

/// "file, offset 12 (shard 0, position 32 to 96): what".
[[nodiscard]] std::string to_text(const Finding& finding);

[[nodiscard]] bool has_damage(const std::vector<Finding>& findings) noexcept;

}  // namespace sluice::tools

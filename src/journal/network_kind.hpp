#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

/// On which network file system a directory lies. There, locks, shared mappings and what a sync promises
/// differ from what a journal counts on.
namespace sluice::detail {

/// The name of a network file system ("nfs", "smb", ...) by the number in `statfs`'s f_type; empty for any
/// other, and for FUSE, of which the number says no more than that.
[[nodiscard]] std::string_view network_kind_of_magic(std::uint32_t magic) noexcept;

/// The name by the type under which it is mounted ("fuse.sshfs": "sshfs"); empty for any other.
[[nodiscard]] std::string_view network_kind_of_type(std::string_view mounted_type) noexcept;

/// The type of what is mounted as device `major:minor`, out of the text of /proc/self/mountinfo; empty if
/// nothing is.
[[nodiscard]] std::string_view mounted_type(std::string_view mountinfo, unsigned major,
                                            unsigned minor) noexcept;

/// All three together, for a directory.
[[nodiscard]] Result<std::string> network_kind_of(const std::string& directory);

}  // namespace sluice::detail

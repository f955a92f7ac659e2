#pragma once

#include <array>

namespace sluice::detail {

/// The kernel's name for this boot of the machine, 36 characters; zeros where it tells none.
[[nodiscard]] const std::array<char, 36>& boot_id() noexcept;

}  // namespace sluice::detail

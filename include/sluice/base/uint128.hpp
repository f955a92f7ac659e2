#pragma once

namespace sluice::detail {

/// The compiler's 128-bit integer, spelled so that -Wpedantic lets it pass: every processor that Sluice runs
/// on multiplies 64 by 64 bits into it with one instruction.
__extension__ using Uint128 = unsigned __int128;

}  // namespace sluice::detail

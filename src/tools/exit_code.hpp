#pragma once

namespace sluice::tools {

/// What every command ends with.
enum ExitCode : int {
  kFine = 0,     ///< done, and nothing is wrong with the journal
  kDamage = 1,   ///< something in it is not what was written
  kUsage = 2,    ///< the command line makes no sense
  kCantRead = 3  ///< no journal, no right to read it, a newer format, or nowhere to write to
};

}  // namespace sluice::tools

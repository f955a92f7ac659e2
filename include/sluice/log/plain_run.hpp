#pragma once

#include <cstdint>

#include "sluice/log/record.hpp"

namespace sluice::log {

/// A run of plain records of one length, as a reader meets them: most streams are nothing else.
///
/// The last plain commit word is remembered, and one that equals it needs no taking apart. What matters more
/// is that the next record's address then depends on a length at hand, and not on a word that has yet to come
/// over from the producer's core. So a processor that guesses the comparison's outcome has several records
/// under way at once, where it would otherwise wait for one after another. (Known as value speculation.)
class PlainRun {
 public:
  /// Whether a record with this word is the run's next one: plain, and `stride` long.
  [[nodiscard]] bool goes_on(CommitWord word) const noexcept { return word.bits() == word_.bits(); }
  [[nodiscard]] std::uint64_t stride() const noexcept { return stride_; }

  /// The stride of any committed record, with which a new run begins if it is plain.
  std::uint64_t meet(CommitWord word) noexcept {
    const std::uint64_t stride = word.stride();
    if (word.is_plain()) {
      word_ = word;
      stride_ = stride;
    }
    return stride;
  }

 private:
  CommitWord word_ = CommitWord::claimed(0);  ///< at first no record's
  std::uint64_t stride_ = 0;
};

}  // namespace sluice::log

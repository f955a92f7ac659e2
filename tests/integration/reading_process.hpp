#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include <sys/types.h>

/// Processes that read a journal while another one writes it.
namespace sluice::test {

/// What a reading process comes to, in memory that it shares with the test.
struct ReaderReport {
  std::atomic<std::uint64_t> passes{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> gaps{0};  ///< that the reader was told of
  std::array<char, 500> fault{};       ///< why it ended; the test looks when the process is gone
};

inline constexpr std::uint32_t kReaders = 4;
struct SharedState {
  std::atomic<bool> is_open{false};  ///< the journal is there
  std::atomic<bool> is_over{false};
  std::array<ReaderReport, kReaders> readers{};
};

/// What such a process does, again and again, each time with a new view of the journal.
enum class Reading : std::uint8_t {
  follow,        ///< goes on where it was
  from_oldest,   ///< reads all that is kept
  like_command,  ///< as `sluice verify` and `sluice stat` do, in turn
};

/// Forks a process that reads until `is_over`. Its exit status is 0 unless it found a fault.
[[nodiscard]] pid_t fork_reader(SharedState& shared, std::uint32_t number, Reading reading,
                                const std::string& directory);

}  // namespace sluice::test

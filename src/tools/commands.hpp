#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "journal/journal_view.hpp"
#include "tools/exit_code.hpp"

/// What the `sluice` command does. Each writes what it found to standard output, and whatever keeps it from
/// doing so to standard error.
namespace sluice::tools {

enum class Format : std::uint8_t { text, json };

struct StatOptions {
  std::string directory{};
  Format format = Format::text;
};
[[nodiscard]] ExitCode stat(const StatOptions& options);

struct DumpOptions {
  std::string directory{};
  Format format = Format::text;
  std::optional<std::uint32_t> shard{};
  std::optional<std::uint64_t> from{};   ///< position
  std::optional<std::uint64_t> limit{};  ///< of events
  std::string topic{};                   ///< a pattern; empty: all
  std::optional<std::size_t> most_payload_bytes = 64;
};
[[nodiscard]] ExitCode dump(const DumpOptions& options);

struct VerifyOptions {
  std::string directory{};
  Format format = Format::text;
};
[[nodiscard]] ExitCode verify(const VerifyOptions& options);

enum class RepairMode : std::uint8_t {
  look,     ///< says what is wrong, and what salvaging would do
  salvage,  ///< and does it
};
struct RepairOptions {
  std::string directory{};
  Format format = Format::text;
  RepairMode mode = RepairMode::look;
};
[[nodiscard]] ExitCode repair(const RepairOptions& options);

/// Says on standard error why a command can't go on, and what it ends with for that.
ExitCode complain(const Error& error);
/// "closed", "open" or "not_closed".
[[nodiscard]] const char* name_of(detail::JournalState state) noexcept;
/// "open, by process 4242 (trading_server)", for people.
[[nodiscard]] std::string describe_state(const detail::JournalView& view);

}  // namespace sluice::tools

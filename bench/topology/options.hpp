#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

#include "topology/transport.hpp"

namespace sluice::bench {

/// How long a run may take.
enum class Pace : std::uint8_t { smoke, quick, full };
enum class Output : std::uint8_t { table, json };

/// What the command line says. Times and counts follow from the pace unless they are given.
struct Options {
  Pace pace = Pace::full;
  Output output = Output::table;
  bool help = false;
  std::vector<std::string> topologies;  ///< families (`fan_out`) or single ones (`fan_out_4`); empty: all
  std::vector<std::string> peers;       ///< empty: all
  std::optional<std::size_t> payload_bytes;  ///< one of `kPayloads`; none: see `payloads_of`
  std::size_t repetitions = 11;              ///< 1 to 101
  std::size_t reader_pauses = kUsualPauses;  ///< 0 to 10,000; of a flow's reader that found nothing
  std::string results;                       ///< a folder to write results.json to, or nothing
  std::chrono::nanoseconds measurement = std::chrono::milliseconds(200);  ///< one case, one repetition
  std::chrono::nanoseconds whole_run = std::chrono::hours(24);  ///< then no further repetition begins
  std::uint64_t first_try_divisor = 1;  ///< how much smaller than usual the calibrating try is

  [[nodiscard]] bool wants(std::string_view topology) const;
  [[nodiscard]] bool wants_peer(std::string_view peer) const;
  /// What to measure a topology with. A full run measures one_to_one with all payloads; 64 bytes otherwise.
  [[nodiscard]] std::vector<std::size_t> payloads_of(std::string_view topology) const;
};

[[nodiscard]] Result<Options> parse_options(const std::vector<std::string_view>& arguments);
[[nodiscard]] std::string_view help_text();

}  // namespace sluice::bench

#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/result.hpp"

#include "feed.hpp"
#include "options.hpp"
#include "report.hpp"

namespace trading {

/// The whole job: opens a bus, starts everybody who listens, publishes `feed` to its end (or until the time
/// is up, or `stop_requested()`), drains, closes, reads back what a journal has kept, and accounts for every
/// event. `source` says in words where the feed comes from. Draws progress on standard error when that is a
/// terminal.
///
/// Errors: what `Bus::open` answers, the journal's among them. Throws `sluice::BadResult` when the bus can't
/// be set up after that; what goes wrong later is in the report's `problems`.
[[nodiscard]] sluice::Result<Report> run_server(const Options& options, Feed& feed, std::string source);

}  // namespace trading

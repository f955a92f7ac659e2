// A trading server's inner life on one bus: a stock's order flow is published as typed events, and a book
// builder, a queue group of risk workers, an auditor and a slow screen listen beside each other. `--help`
// says more.

#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "feed.hpp"
#include "lobster.hpp"
#include "options.hpp"
#include "quantity.hpp"
#include "report.hpp"
#include "server.hpp"
#include "stop_signal.hpp"

namespace {

constexpr int kReconciled = 0;
constexpr int kFailed = 1;
constexpr int kBadRequest = 2;

int fail(int status, const std::string& message) {
  std::fprintf(stderr, "trading_server: %s\n", message.c_str());
  return status;
}

/// False when standard output can't be written: a report that nobody gets must not count as a success.
bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

struct Source {
  std::unique_ptr<trading::Feed> feed;
  std::string description;
};

sluice::Result<Source> open_source(const trading::Options& options) {
  if (options.input.empty()) {
    return Source{std::make_unique<trading::GeneratedFeed>(options.seed, options.events),
                  "generated order flow, seed " + std::to_string(options.seed)};
  }
  return trading::read_lobster_file(options.input)
      .transform([&](std::vector<trading::OrderMessage>&& messages) {
        std::string description =
            options.input + ", " + trading::format_count(messages.size()) + " messages a pass";
        return Source{std::make_unique<trading::RecordedFeed>(std::move(messages), options.repeat),
                      std::move(description)};
      });
}

int run(std::span<const char* const> arguments) {
  const auto options = trading::parse_options(arguments);
  if (!options) return fail(kBadRequest, options.error().message + "\nTry --help.");
  if (options->help) return print(trading::usage()) ? kReconciled : kFailed;
  const auto source = open_source(*options);
  if (!source) return fail(kBadRequest, source.error().message);

  trading::watch_stop_signals();
  const auto report = trading::run_server(*options, *source->feed, source->description);
  if (!report) {
    if (options->journal.empty()) return fail(kFailed, report.error().to_string());
    return fail(kBadRequest, "--journal " + options->journal + ": " + report.error().message);
  }
  if (!print(options->json ? trading::to_json(*report) + "\n" : trading::to_table(*report))) {
    return fail(kFailed, "can't write the report to standard output");
  }
  return report->reconciled() ? kReconciled : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::span<const char* const>(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  } catch (const std::exception& problem) {
    return fail(kFailed, problem.what());
  }
}

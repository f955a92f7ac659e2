// `sluice verify`: whether every byte is what was written.
#include <cstdio>

#include <fmt/format.h>

#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/verification.hpp"

namespace sluice::tools {

namespace {

using detail::JournalView;

/// What is left to say when there is no manifest to go by.
ExitCode without_manifest(const VerifyOptions& options, const Error& error) {
  if (error.code != ErrorCode::corrupt) return complain(error);
  const Finding finding = finding_of(error, detail::join_path(options.directory, "MANIFEST"));
  if (options.format == Format::json) {
    Json json;
    json.begin_object();
    json.add("directory", options.directory);
    json.add("damaged", true);
    json.begin_array("findings");
    add(json, finding);
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.text());
  } else {
    fmt::print("{}  {}\n", red("damage"), to_text(finding));
    fmt::print("nothing else can be read without the manifest\n");
  }
  return kDamage;
}

void print_json(const JournalView& view, const Verification& done) {
  Json json;
  json.begin_object();
  json.add("directory", view.directory());
  json.add("journal_id", view.manifest().journal.to_string());
  json.add("state", name_of(view.state()));
  json.add("segments", done.segments());
  json.add("events", done.events());
  json.add("bytes", done.bytes());
  json.add("damaged", has_damage(done.findings()));
  json.begin_array("findings");
  for (const Finding& finding : done.findings()) add(json, finding);
  json.end_array();
  json.end_object();
  fmt::print("{}\n", json.text());
}

void print_text(const JournalView& view, const Verification& done) {
  fmt::print("{}, {}\n", bold("journal " + view.manifest().journal.to_string()), describe_state(view));
  std::size_t damages = 0;
  for (const Finding& finding : done.findings()) {
    const bool is_damage = finding.severity == Finding::Severity::damage;
    if (is_damage) ++damages;
    fmt::print("{}  {}\n", is_damage ? red("damage") : yellow("note  "), to_text(finding));
  }
  const std::string what =
      fmt::format("{} events, {} in {} segment{}", grouped(done.events()), size_text(done.bytes()),
                  done.segments(), done.segments() == 1 ? "" : "s");
  if (damages == 0) {
    fmt::print("{}: {}\n", green("no damage"), what);
  } else {
    fmt::print("{}; good are {}\n",
               red(fmt::format("{} {} damaged", damages, damages == 1 ? "place is" : "places are")), what);
  }
}

}  // namespace

ExitCode verify(const VerifyOptions& options) {
  const auto view = JournalView::open(detail::posix_file_system(), options.directory);
  if (!view) return without_manifest(options, view.error());
  Verification verification(**view);
  if (auto done = verification.run(); !done) return complain(done.error());
  if (options.format == Format::json) {
    print_json(**view, verification);
  } else {
    print_text(**view, verification);
  }
  return has_damage(verification.findings()) ? kDamage : kFine;
}

}  // namespace sluice::tools

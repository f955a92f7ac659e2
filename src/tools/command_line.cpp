#include "tools/command_line.hpp"

#include <cstdio>
#include <exception>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/commands.hpp"

namespace sluice::tools {

namespace {

constexpr const char* kAbout =
    "Looks into a Sluice journal. It takes no lock and changes nothing, so it may run beside the process "
    "that writes. Only repair --salvage does both.";

constexpr const char* kExitCodes = R"(
exit status: 0 fine; 1 damage was found; 2 the command line makes no sense; 3 it can't be read
colours and progress appear on a terminal only; NO_COLOR turns colours off
)";

constexpr const char* kFirstExamples = R"(
examples:
  sluice stat /var/lib/shop/journal
  sluice dump /var/lib/shop/journal --topic 'orders.*' --limit 10
  sluice verify /var/lib/shop/journal && echo sound
  sluice repair /var/lib/shop/journal
)";

constexpr const char* kStatHelp = R"(
It reads every record, to count them.

keys of --json: directory, journal_id, format_version, manifest_generation, epoch, state (closed, open,
  not_closed), holder_pid, ring_file, ring_file_exists, events, bytes, payload_bytes, oldest_time, newest_time;
  shards [shard, oldest_position, newest_position, end_position, durable_position, events, bytes, payload_bytes,
  oldest_time, newest_time, segments [file, begin, end, file_bytes, epoch]]; topics [topic, id, shard, events,
  bytes, payload_bytes, oldest_time, newest_time]; cursors [name, shard, position, behind_bytes,
  retention];
  tails_unknown [shard, position, epoch]; findings [severity, file, offset, shard, position, end_position, what]

examples:
  sluice stat /var/lib/shop/journal
  sluice stat /var/lib/shop/journal --json | jq '.topics[] | {topic, events}'
)";

constexpr const char* kDumpHelp = R"(
A line has shard:position, time (UTC), topic, id, metadata, and the payload in quotes if it is text, else in
hexadecimal digits. Damage is told on standard error, and the dump goes on behind it.

keys of --json, one object a line: shard, position, time, timestamp_ns, topic, id, expires_at_ns (if it does),
  metadata, payload_bytes, payload_text or payload_hex (always all of it)

examples:
  sluice dump /var/lib/shop/journal --limit 10
  sluice dump /var/lib/shop/journal --shard 0 --from 4096 --full
  sluice dump /var/lib/shop/journal --topic 'orders.>' --json | jq -r .payload_text
)";

constexpr const char* kVerifyHelp = R"(
Holds every byte against what was written: the manifest, the control log, SYNCED, the headers of segments, the
checksum of every record, the zeros between records, where segments end, and which files there are. Each finding
names its file and offset. Notes are no damage: the torn end of a run that lost its power, a file left over.

keys of --json: directory, journal_id, state, segments, events, bytes, damaged; findings [severity (damage, note),
  file, offset, shard, position, end_position, what]

examples:
  sluice verify /var/lib/shop/journal
  sluice verify /var/lib/shop/journal --json | jq '.findings[] | select(.severity == "damage")'
)";

constexpr const char* kRepairHelp = R"(
For a journal that can't be opened because something in it is damaged or missing: segments, the control log,
SYNCED or the MANIFEST. Without --salvage it changes nothing, and says what is wrong, what --salvage would do and
what would be lost; exit status 0 means that there is nothing to repair, 1 that there is.

--salvage takes the journal's lock and makes a journal that opens. Every record that can be read stays at its
position, and its event keeps its id. What can't be read becomes a gap, which readers are told of. Events of a topic
whose name is lost are kept as salvaged.topic.<id>. What was damaged is moved to DIR/salvaged-<number>/, so that
nothing is gone; remove it when you need none of it any more. Broken off, it may be run again, and a second run
finds nothing to do. A ring file of the last run is used, and left for the next opening. On a disk that fails to
read, copy the journal to another one first.

keys of --json: directory, journal_id, needs_repair, repaired, events, bytes (those that are kept), lost_bytes,
  lost [shard, position, end_position], made_up_topics [topic, id, shard, events], written, moved, copied
  (names of files), kept_in; findings [severity (damage, note), file, offset, shard, position, end_position, what]

examples:
  sluice repair /var/lib/shop/journal
  sluice repair --salvage /var/lib/shop/journal && sluice verify /var/lib/shop/journal
  sluice repair /var/lib/shop/journal --json | jq .lost_bytes
)";

template <class Options>
CLI::App* add_command(CLI::App& app, const char* name, const char* about, const char* help,
                      Options& options) {
  CLI::App* const command = app.add_subcommand(name, about);
  command->add_option("DIR", options.directory, "the journal's directory")->required();
  command->add_flag_callback(
      "--json", [&options] { options.format = Format::json; }, "print JSON instead of text for people");
  command->footer(std::string(help) + kExitCodes);
  return command;
}

void add_dump_options(CLI::App& command, DumpOptions& options) {
  command.add_option("--shard", options.shard, "only this shard")->type_name("N");
  command.add_option("--from", options.from, "begin with the first event at or behind this position")
      ->type_name("POSITION");
  command.add_option("--limit", options.limit, "stop after so many events")->type_name("N");
  command.add_option("--topic", options.topic, "only events of this topic, or of those a pattern matches")
      ->type_name("NAME");
  command.add_flag_callback(
      "--full", [&options] { options.most_payload_bytes.reset(); },
      "print all of each payload, not only its first 64 bytes");
}

/// Whatever was printed has to have gone somewhere: a dump onto a full disk is no dump.
int finish(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fputs("sluice: standard output could not be written\n", stderr);
  return kCantRead;
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app(kAbout, "sluice");
  app.require_subcommand(1);
  app.set_version_flag("--version", SLUICE_VERSION);
  app.footer(std::string(kFirstExamples) + kExitCodes);
  ExitCode code = kFine;
  StatOptions stat_options;
  DumpOptions dump_options;
  VerifyOptions verify_options;
  RepairOptions repair_options;
  add_command(app, "stat", "What a journal holds: shards, segments, topics, cursors", kStatHelp, stat_options)
      ->callback([&] { code = stat(stat_options); });
  CLI::App* const dump_command = add_command(app, "dump", "The events, one a line", kDumpHelp, dump_options);
  add_dump_options(*dump_command, dump_options);
  dump_command->callback([&] { code = dump(dump_options); });
  add_command(app, "verify", "Whether every byte is what was written", kVerifyHelp, verify_options)
      ->callback([&] { code = verify(verify_options); });
  CLI::App* const repair_command =
      add_command(app, "repair", "What keeps a journal from being opened, and salvaging what is good",
                  kRepairHelp, repair_options);
  repair_command->add_flag_callback(
      "--salvage", [&] { repair_options.mode = RepairMode::salvage; },
      "make a journal that opens, and lose only what can't be read");
  repair_command->callback([&] { code = repair(repair_options); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // prints the help that was asked for
      return finish(kFine);
    }
    const auto chosen = app.get_subcommands();
    fmt::print(stderr, "sluice: {}; see sluice {}--help\n", error.what(),
               chosen.empty() ? "" : chosen.front()->get_name() + " ");
    return kUsage;
  }
  return finish(code);
}

}  // namespace

int run(int argc, const char* const* argv) noexcept {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: %s\n", error.what());
    return kCantRead;
  }
}

}  // namespace sluice::tools

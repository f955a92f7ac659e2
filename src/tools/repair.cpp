// `sluice repair`: what is wrong with a journal that can't be opened, and making one of it that can.
#include <cstdio>

#include <fmt/format.h>

#include "journal/lock_holder.hpp"
#include "journal/salvage/salvage_plan.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/screen.hpp"
#include "tools/text.hpp"

namespace sluice::tools {

namespace {

using detail::SalvagePlan;

Finding finding_of(const detail::SalvageFinding& found) {
  Finding finding;
  finding.severity = found.kind == detail::SalvageFinding::Kind::damage ? Finding::Severity::damage
                                                                        : Finding::Severity::note;
  finding.file = found.file;
  finding.offset = found.offset;
  finding.shard = found.shard;
  if (found.shard) {
    finding.position = found.from;
    finding.end = found.to;
  }
  finding.what = found.what;
  return finding;
}

std::uint64_t lost_bytes(const SalvagePlan& plan) {
  std::uint64_t bytes = 0;
  for (const detail::LostStretch& lost : plan.lost) bytes += lost.to - lost.from;
  return bytes;
}

void print_json(const SalvagePlan& plan, RepairMode mode) {
  Json json;
  json.begin_object();
  json.add("directory", plan.directory);
  json.add("journal_id", plan.manifest.journal.to_string());
  json.add("needs_repair", plan.needs_repair());
  json.add("repaired", plan.needs_repair() && mode == RepairMode::salvage);
  json.add("events", plan.events);
  json.add("bytes", plan.bytes);
  json.add("lost_bytes", lost_bytes(plan));
  json.begin_array("lost");
  for (const detail::LostStretch& lost : plan.lost) {
    json.begin_object();
    json.add("shard", lost.shard);
    json.add("position", lost.from);
    json.add("end_position", lost.to);
    json.end_object();
  }
  json.end_array();
  json.begin_array("made_up_topics");
  for (const detail::MadeUpTopic& made_up : plan.made_up) {
    json.begin_object();
    json.add("topic", made_up.topic.name);
    json.add("id", made_up.topic.id);
    json.add("shard", made_up.topic.shard);
    json.add("events", made_up.events);
    json.end_object();
  }
  json.end_array();
  json.begin_array("written");
  for (const detail::SalvagePart& part : plan.parts) json.add(segment_name(part.entry));
  json.end_array();
  json.begin_array("moved");
  for (const std::string& name : plan.to_move) json.add(name);
  json.end_array();
  json.begin_array("copied");
  for (const std::string& name : plan.to_copy) json.add(name);
  json.end_array();
  json.add("kept_in", detail::join_path(plan.directory, plan.aside));
  json.begin_array("findings");
  for (const detail::SalvageFinding& found : plan.findings) add(json, finding_of(found));
  json.end_array();
  json.end_object();
  fmt::print("{}\n", json.text());
}

/// What becomes of the files, or has become of them.
void print_changes(const SalvagePlan& plan, RepairMode mode) {
  const bool is_done = mode == RepairMode::salvage;
  const std::string kept = fmt::format("{} events in {}", grouped(plan.events), size_text(plan.bytes));
  if (plan.lost.empty()) {
    fmt::print("{} {}: all that was written\n", is_done ? "kept" : "--salvage keeps", kept);
  } else {
    fmt::print("{} {}, each at its position; {} {} bytes, in which no record can be made out:\n",
               is_done ? "kept" : "--salvage keeps", kept, is_done ? "lost" : "lost are",
               grouped(lost_bytes(plan)));
  }
  for (const detail::LostStretch& lost : plan.lost) {
    fmt::print("  {}  shard {}, position {} to {} ({} bytes): a gap, which readers are told of\n",
               red("lost"), lost.shard, lost.from, lost.to, grouped(lost.to - lost.from));
  }
  for (const detail::MadeUpTopic& made_up : plan.made_up) {
    fmt::print("  {}  topic {} is known by no name any more: {} {} of it as {}\n", yellow("name"),
               made_up.topic.id, grouped(made_up.events), made_up.events == 1 ? "event" : "events",
               quoted(made_up.topic.name));
  }
  const std::string aside = detail::join_path(plan.directory, plan.aside);
  const auto tell = [&](const std::vector<std::string>& names, const char* done, const char* to_do) {
    if (names.empty()) return;
    fmt::print("  {} {}:", is_done ? done : to_do, aside);
    for (const std::string& name : names) fmt::print(" {}", name);
    fmt::print("\n");
  };
  if (!plan.parts.empty()) {
    fmt::print("  {} {} new segment{}\n", is_done ? "wrote" : "writes", plan.parts.size(),
               plan.parts.size() == 1 ? "" : "s");
  }
  tell(plan.to_move, "moved to", "moves to");
  tell(plan.to_copy, "replaced, what they were is in", "replaces, keeping what they are in");
}

void print_text(const SalvagePlan& plan, RepairMode mode) {
  fmt::print("{}\n", bold("journal " + plan.manifest.journal.to_string()));
  for (const detail::SalvageFinding& found : plan.findings) {
    const bool is_damage = found.kind == detail::SalvageFinding::Kind::damage;
    fmt::print("{}  {}\n", is_damage ? red("damage") : yellow("note  "), to_text(finding_of(found)));
  }
  if (!plan.needs_repair()) {
    fmt::print("{}: {} events, {}\n", green("nothing to repair"), grouped(plan.events),
               size_text(plan.bytes));
    return;
  }
  print_changes(plan, mode);
  if (mode == RepairMode::look) {
    fmt::print("nothing was changed; sluice repair --salvage {} does this\n", plan.directory);
    return;
  }
  fmt::print("{}: it can be opened again", green("repaired"));
  if (!plan.to_move.empty() || !plan.to_copy.empty()) {
    fmt::print("; {} has what was damaged, remove it when you need none of it any more",
               detail::join_path(plan.directory, plan.aside));
  }
  fmt::print("\n");
}

/// How much is read at most.
std::uint64_t bytes_of_segments(const std::string& directory) {
  detail::FileSystem& files = detail::posix_file_system();
  const auto names = files.list(directory);
  std::uint64_t bytes = 0;
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (!name.ends_with(".segment")) continue;
    const auto file = files.open(detail::join_path(directory, name), detail::OpenMode::read_only);
    if (!file) continue;
    const auto size = (*file)->size();
    if (size) bytes += *size;
  }
  return bytes;
}

Result<SalvagePlan> look(const std::string& directory) {
  Progress progress("reading", bytes_of_segments(directory));
  return detail::plan_salvage(detail::posix_file_system(), directory,
                              [&](std::uint64_t bytes) { progress.add(bytes); });
}

Result<void> carry_out(SalvagePlan& plan) {
  std::uint64_t bytes = 0;
  for (const detail::SalvagePart& part : plan.parts) bytes += part.entry.bytes;
  Progress progress("writing", bytes);
  return detail::carry_out(detail::posix_file_system(), plan,
                           [&](std::uint64_t written) { progress.add(written); });
}

/// The lock is a file in the directory, and is made: not where no journal is.
Result<bool> holds_a_journal(const std::string& directory) {
  detail::FileSystem& files = detail::posix_file_system();
  auto there = files.exists(directory);
  if (!there || !*there) return there;
  const auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name == "MANIFEST" || name.ends_with(".segment")) return true;
  }
  return false;
}

/// Where nothing is to be changed nothing is locked either: a lock would say that we are there.
Result<void> refuse_while_it_is_open(const std::string& directory) {
  const auto holder = detail::find_lock_holder(detail::join_path(directory, "LOCK"));
  if (!holder) return {};
  const auto manifest = detail::load_manifest(detail::posix_file_system(), directory);
  if (manifest && (!*manifest || (*manifest)->closed)) return {};
  const std::string command = holder->pid == 0 ? "" : detail::command_of(holder->pid);
  const std::string name = fmt::format(
      "{}{}",
      holder->pid == 0 ? "a process that can't be seen from here" : fmt::format("process {}", holder->pid),
      command.empty() ? "" : " (" + command + ")");
  if (!manifest) {
    // Whether that process has it open the system may not tell; and --salvage will not do it then.
    fmt::print(stderr, "sluice: note: {} had {} open; if it still has, some of this may be out of date\n",
               name, directory);
    return {};
  }
  return Error{ErrorCode::journal_locked,
               fmt::format("{} is open, by {}: a repair looks at a journal that nobody writes to; while one "
                           "is open, sluice verify does",
                           directory, name)};
}

}  // namespace

ExitCode repair(const RepairOptions& options) {
  std::unique_ptr<detail::DirectoryLock> lock;
  const auto there = holds_a_journal(options.directory);
  if (!there) return complain(there.error());
  if (*there && options.mode == RepairMode::salvage) {
    auto taken = detail::posix_file_system().lock(detail::join_path(options.directory, "LOCK"));
    if (!taken) return complain(taken.error());
    lock = *std::move(taken);
  } else if (auto free = refuse_while_it_is_open(options.directory); !free) {
    return complain(free.error());
  }
  auto plan = look(options.directory);
  if (!plan) return complain(plan.error());
  if (options.mode == RepairMode::salvage) {
    if (auto done = carry_out(*plan); !done) {
      fmt::print(stderr, "sluice: the repair was broken off; once the reason is gone, run it again\n");
      return complain(done.error());
    }
  }
  if (options.format == Format::json) {
    print_json(*plan, options.mode);
  } else {
    print_text(*plan, options.mode);
  }
  return plan->needs_repair() && options.mode == RepairMode::look ? kDamage : kFine;
}

}  // namespace sluice::tools

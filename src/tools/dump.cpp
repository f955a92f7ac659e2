// `sluice dump`: the events, one after the other.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "sluice/topic/pattern.hpp"

#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/screen.hpp"
#include "tools/statistics.hpp"

namespace sluice::tools {

namespace {

using detail::JournalView;

std::string metadata_text(const MetadataView& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    if (!text.empty()) text += ' ';
    text += quoted(key).substr(1);
    text.back() = '=';
    text += quoted(value);
  }
  return "{" + text + "}";
}

std::string payload_text(const EventView& event, std::optional<std::size_t> most_bytes) {
  const std::size_t bytes = event.payload().size();
  const std::size_t shown = std::min(bytes, most_bytes.value_or(bytes));
  std::string text = is_text(event.text()) ? quoted(beginning(event.text(), shown))
                                           : "hex:" + hex(event.payload().first(shown));
  if (shown < bytes) text += fmt::format("... ({} bytes)", grouped(bytes));
  return text;
}

void print_line(const EventView& event, const DumpOptions& options) {
  fmt::print("{}:{}  {}  {}  {}  {}  {}\n", event.shard(), event.position(), iso_time(event.timestamp_ns()),
             bold(event.topic()), event.id().to_string(), metadata_text(event.metadata()),
             payload_text(event, options.most_payload_bytes));
}

void print_json(Json& json, const EventView& event) {
  json.clear();
  json.begin_object();
  json.add("shard", event.shard());
  json.add("position", event.position());
  json.add("time", iso_time(event.timestamp_ns()));
  json.add("timestamp_ns", event.timestamp_ns());
  json.add("topic", event.topic());
  json.add("id", event.id().to_string());
  if (event.expires_at_ns() != 0) json.add("expires_at_ns", event.expires_at_ns());
  json.begin_object("metadata");
  for (const auto& [key, value] : event.metadata()) json.add(key, value);
  json.end_object();
  json.add("payload_bytes", std::uint64_t{event.payload().size()});
  if (is_text(event.text())) {
    json.add("payload_text", event.text());
  } else {
    json.add("payload_hex", hex(event.payload()));
  }
  json.end_object();
  fmt::print("{}\n", json.text());
}

/// Nothing of it may be mistaken for an event, so it goes to standard error.
void say(const Finding& finding) {
  const bool is_damage = finding.severity == Finding::Severity::damage;
  fmt::print(stderr, "sluice: {}: {}\n", is_damage ? "damage" : "note", to_text(finding));
}

class Dump {
 public:
  Dump(const JournalView& view, const DumpOptions& options, Pattern topic)
      : view_(view), options_(options), left_(options.limit.value_or(~std::uint64_t{0})) {
    for (std::uint32_t id = 0; id < view.topics().size(); ++id) {
      wanted_.push_back(topic.matches(view.topics().of_record(id).name()));
    }
  }

  Result<ExitCode> run() {
    for (std::uint32_t shard = 0; shard < view_.shards().size(); ++shard) {
      if (shard != options_.shard.value_or(shard)) continue;
      if (auto done = run(shard); !done) return std::move(done).error();
    }
    return damaged_ ? kDamage : kFine;
  }

 private:
  Result<void> run(std::uint32_t shard) {
    detail::ShardReader reader(view_, shard);
    const std::uint64_t from = options_.from.value_or(0);
    if (options_.from && from < view_.shards()[shard].oldest) {
      say({.severity = Finding::Severity::note,
           .shard = shard,
           .position = from,
           .end = view_.shards()[shard].oldest,
           .what = "no longer kept; this begins behind it"});
    }
    reader.skip_to(from);
    while (left_ != 0) {
      auto item = reader.next();
      if (!item) return std::move(item).error();
      if (!*item) break;
      if (const auto* hole = std::get_if<detail::Hole>(&**item)) {
        if (hole->to >= from) tell(finding_of(*hole, shard));
      } else {
        const auto& [record, segment] = std::get<detail::FoundRecord>(**item);
        if (!record.word.is_data() || record.position < from) continue;
        show(EventView(segment->context, record.bytes, record.word, record.position));
      }
    }
    return {};
  }

  void show(const EventView& event) {
    if (!wanted_[event.topic_id()]) return;
    --left_;
    if (options_.format == Format::json) {
      print_json(json_, event);
    } else {
      print_line(event, options_);
    }
  }

  void tell(const Finding& finding) {
    damaged_ = damaged_ || finding.severity == Finding::Severity::damage;
    say(finding);
  }

  const JournalView& view_;
  const DumpOptions& options_;
  std::uint64_t left_;
  std::vector<bool> wanted_;  ///< by topic id
  bool damaged_ = false;
  Json json_;
};

ExitCode misuse(const std::string& what) {
  fmt::print(stderr, "sluice: {}; see sluice dump --help\n", what);
  return kUsage;
}

}  // namespace

ExitCode dump(const DumpOptions& options) {
  auto topic = Pattern::parse(options.topic);
  if (!topic) return misuse("--topic: " + topic.error().message);
  const auto view = JournalView::open(detail::posix_file_system(), options.directory);
  if (!view) return complain(view.error());
  const std::size_t shards = (*view)->shards().size();
  if (options.shard && *options.shard >= shards) {
    return misuse(
        fmt::format("--shard {}: this journal has {} of them, counted from 0", *options.shard, shards));
  }
  if (options.from && !options.shard && shards > 1) {
    return misuse(
        fmt::format("--from is a position in one shard, and this journal has {}: give --shard", shards));
  }
  if ((*view)->control_fault()) return complain(*(*view)->control_fault());
  auto done = Dump(**view, options, *std::move(topic)).run();
  return done ? *done : complain(done.error());
}

}  // namespace sluice::tools

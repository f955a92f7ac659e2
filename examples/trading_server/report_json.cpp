#include "json.hpp"
#include "report.hpp"

namespace trading {
namespace {

void write(JsonWriter& json, std::string_view key, const Latency& latency) {
  json.begin_object(key);
  json.member("p50", latency.p50);
  json.member("p99", latency.p99);
  json.member("p999", latency.p999);
  json.member("max", latency.max);
  json.member("samples", latency.samples);
  json.end_object();
}

void write(JsonWriter& json, const SubscriberReport& subscriber) {
  json.begin_object();
  json.member("name", subscriber.name);
  json.member("policy", subscriber.policy);
  if (!subscriber.group.empty()) json.member("group", subscriber.group);
  json.member("received", subscriber.received);
  json.member("lost", subscriber.lost);
  if (subscriber.expected) json.member("expected", *subscriber.expected);
  json.member("lag_bytes", subscriber.lag_bytes);
  json.member("most_lag_bytes", subscriber.most_lag_bytes);
  write(json, "delivery_ns", subscriber.delivery);
  json.member("ok", subscriber.ok);
  json.end_object();
}

void write(JsonWriter& json, const GroupReport& group) {
  json.begin_object();
  json.member("name", group.name);
  json.member("members", group.members);
  json.member("received", group.received);
  json.member("expected", group.expected);
  json.member("ok", group.ok);
  json.end_object();
}

void write_pass(JsonWriter& json, const BookSummary& pass) {
  json.begin_object("pass");
  json.member("messages", pass.messages);
  json.member("unknown_orders", pass.unknown_orders);
  json.member("inconsistent", pass.inconsistent);
  json.member("crossed", pass.crossed);
  json.member("live_orders", pass.live_orders);
  json.member("best_bid", pass.best_bid);
  json.member("best_ask", pass.best_ask);
  json.end_object();
}

void write(JsonWriter& json, const sluice::ShardRecovery& shard) {
  const auto number = [](const std::optional<std::uint64_t>& position) {
    return position ? std::optional(static_cast<std::int64_t>(*position)) : std::nullopt;
  };
  json.begin_object();
  json.member("shard", std::uint64_t{shard.shard});
  json.member("position", shard.position);
  json.member("from_ring", shard.from_ring);
  json.member("aborted_bytes", shard.aborted_bytes);
  json.member("written_anew_bytes", shard.written_anew_bytes);
  json.member("cut_at", number(shard.cut_at));
  json.member("tail_unknown", number(shard.tail_unknown));
  json.end_object();
}

void write(JsonWriter& json, const JournalReport& journal) {
  json.begin_object("journal");
  json.member("directory", journal.directory);
  json.begin_object("recovery");
  json.member("is_new", journal.found.is_new);
  json.member("was_closed", journal.found.was_closed);
  json.member("ring", journal.found.ring);
  json.begin_array("shards");
  for (const sluice::ShardRecovery& shard : journal.found.shards) write(json, shard);
  json.end_array();
  json.end_object();
  json.member("earlier", journal.earlier ? std::optional(static_cast<std::int64_t>(*journal.earlier))
                                         : std::optional<std::int64_t>());
  json.member("kept", journal.kept.total());
  json.begin_object("kept_by_kind");
  for (std::size_t kind = 0; kind < kKinds; ++kind) json.member(kKindNames[kind], journal.kept.by_kind[kind]);
  json.end_object();
  json.member("bytes", journal.bytes);
  json.member("directory_bytes", journal.directory_bytes);
  json.member("close_seconds", journal.close_seconds, 6);
  json.member("open_seconds", journal.open_seconds, 6);
  json.member("read_seconds", journal.read_seconds, 6);
  json.member("read_events_per_second", journal.events_per_second(), 0);
  json.member("read_bytes_per_second", journal.bytes_per_second(), 0);
  json.member("ok", journal.ok);
  json.end_object();
}

}  // namespace

std::string to_json(const Report& report) {
  JsonWriter json;
  json.member("source", report.source);
  json.member("symbol", report.symbol);
  json.member("interrupted", report.interrupted);
  json.member("published", report.published);
  json.begin_object("published_by_kind");
  for (std::size_t kind = 0; kind < kKinds; ++kind) json.member(kKindNames[kind], report.by_kind[kind]);
  json.end_object();
  json.member("passes", report.passes);
  json.member("reconciled", report.reconciled());
  json.begin_array("problems");
  for (const std::string& problem : report.problems) json.element(problem);
  json.end_array();
  json.member("seconds", report.seconds, 6);
  json.member("drain_seconds", report.drain_seconds, 6);
  json.member("events_per_second", report.events_per_second(), 0);
  json.member("rate", report.rate);
  json.member("sampled_every", report.sampled_every);
  write(json, "publish_ns", report.publish);
  write(json, "delivery_ns", report.delivery);

  json.member("best_bid", report.pass.best_bid);
  json.member("best_ask", report.pass.best_ask);
  json.member("crossed", report.crossed);
  json.member("unknown_orders", report.unknown_orders);
  json.member("inconsistent", report.inconsistent);
  write_pass(json, report.pass);

  json.begin_array("subscribers");
  for (const SubscriberReport& subscriber : report.subscribers) write(json, subscriber);
  json.end_array();
  json.begin_array("groups");
  for (const GroupReport& group : report.groups) write(json, group);
  json.end_array();
  if (report.journal) write(json, *report.journal);
  return json.finish();
}

}  // namespace trading

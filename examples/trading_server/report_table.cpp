#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "quantity.hpp"
#include "report.hpp"
#include "text_table.hpp"

namespace trading {
namespace {

std::string seconds(double value) {
  return format_duration(static_cast<std::uint64_t>(std::llround(value * 1e9)));
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return format_count(count) + " " + std::string(count == 1 ? one : many);
}

std::string price_or_none(const std::optional<Price>& price) {
  return price ? "$" + format_price(*price) : "none";
}

std::vector<std::string> latency_row(std::string name, const Latency& latency) {
  if (latency.samples == 0) return {std::move(name), "-", "-", "-", "-", "0"};
  return {std::move(name),
          format_duration(latency.p50),
          format_duration(latency.p99),
          format_duration(latency.p999),
          format_duration(latency.max),
          format_count(latency.samples)};
}

std::string heading(const Report& report) {
  return "md." + report.symbol + ".*: " + report.source + ", " +
         (report.rate == 0 ? "flat out" : format_count(report.rate) + " events/s asked for") +
         (report.interrupted ? ", interrupted" : "") + "\n\n";
}

std::string throughput(const Report& report) {
  const auto rate = static_cast<std::uint64_t>(std::llround(report.events_per_second()));
  std::string text = "Published " + plural(report.published, "event", "events") + " in " +
                     seconds(report.seconds) + ": " + format_count(rate) + " events/s (and " +
                     seconds(report.drain_seconds) + " more until the screen was done)\n ";
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    text +=
        (kind == 0 ? " " : ", ") + std::string(kKindNames[kind]) + " " + format_count(report.by_kind[kind]);
  }
  return text + "\n\n";
}

std::string latencies(const Report& report) {
  TextTable table(1);
  table.add({"latency", "p50", "p99", "p99.9", "max", "samples"});
  table.add(latency_row("publish", report.publish));
  for (const SubscriberReport& subscriber : report.subscribers) {
    table.add(latency_row("to " + subscriber.name, subscriber.delivery));
  }
  std::string text = table.str(0);
  text += report.sampled_every == 1 ? "  Every event is timed"
                                    : "  One of " + format_count(report.sampled_every) + " events is timed";
  text += ": publish around the call, delivery from the event's timestamp to its handler.\n";
  text +=
      report.rate == 0
          ? "  Flat out, an event waits behind a full ring: --rate shows what a delivery takes otherwise.\n"
          : "  A publish that overruns its slot also counts for those that it kept waiting.\n";
  return text + "\n";
}

std::string subscribers(const Report& report) {
  TextTable table(2);
  table.add({"subscriber", "policy", "received", "lost", "expected", "lag", "most lag", ""});
  for (const SubscriberReport& subscriber : report.subscribers) {
    table.add({subscriber.name, subscriber.policy, format_count(subscriber.received),
               format_count(subscriber.lost),
               subscriber.expected ? format_count(*subscriber.expected) : "its share",
               format_bytes(subscriber.lag_bytes), format_bytes(subscriber.most_lag_bytes),
               subscriber.ok ? "ok" : "OFF"});
  }
  for (const GroupReport& group : report.groups) {
    table.add({"group " + group.name, plural(group.members, "member", "members"),
               format_count(group.received), "", format_count(group.expected), "", "",
               group.ok ? "ok" : "OFF"});
  }
  return table.str(0) + "\n";
}

std::string book(const Report& report) {
  const BookSummary& pass = report.pass;
  if (report.passes == 0) return "Book: no day was over\n\n";
  return "Book after " + plural(report.passes, "day", "days") + ", each from empty: best bid " +
         price_or_none(pass.best_bid) + ", best ask " + price_or_none(pass.best_ask) + ", " +
         plural(pass.live_orders, "live order", "live orders") +
         "\n  the last day: " + plural(pass.messages, "message", "messages") + ", " +
         format_count(pass.unknown_orders) + " on orders placed before it began, " +
         plural(pass.crossed, "crossed book", "crossed books") + ", " + format_count(pass.inconsistent) +
         " inconsistent; all days: " + format_count(report.unknown_orders) + ", " +
         format_count(report.crossed) + ", " + format_count(report.inconsistent) + "\n\n";
}

std::string verdict(const Report& report) {
  if (report.reconciled()) return "Reconciled: every count agrees with what was published.\n";
  std::string text = "NOT reconciled:\n";
  for (const std::string& problem : report.problems) text += "  - " + problem + "\n";
  return text;
}

}  // namespace

std::string to_table(const Report& report) {
  return heading(report) + throughput(report) + latencies(report) + subscribers(report) + book(report) +
         (report.journal ? to_text(*report.journal) : "") + verdict(report);
}

}  // namespace trading

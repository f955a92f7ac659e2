#include "trading_server/report.hpp"

#include <gtest/gtest.h>

#include "trading_server/text_table.hpp"

namespace trading {
namespace {

Report sample_report() {
  Report report;
  report.source = "\"flow\".csv";
  report.symbol = "AAPL";
  report.published = 5'000;
  report.by_kind = {2'000, 100, 1'500, 900, 490, 0, 0, 10};
  report.passes = 5;
  report.seconds = 0.5;
  report.drain_seconds = 0.25;
  report.sampled_every = 64;
  report.publish = {78, 90, 200, 400, 9'000};
  report.delivery = {78, 1'000, 20'000, 30'000, 4'000'000};
  report.pass = {998, 9, 0, 0, 38, 5'853'500, std::nullopt};
  report.unknown_orders = 45;
  report.subscribers = {{"book", "block", "", 5'000, 0, 5'000, 0, 65'536, report.delivery, true},
                        {"risk-1", "block", "risk", 5'000, 0, std::nullopt, 0, 0, report.delivery, true},
                        {"screen", "drop_oldest", "", 40, 4'960, 5'000, 0, 1'048'576, {}, true}};
  report.groups = {{"risk", 1, 5'000, 5'000, true}};
  return report;
}

void expect_contains(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no " << part << " in:\n" << text;
}

TEST(Report, as_json_has_what_machines_ask_for) {
  const std::string json = to_json(sample_report());
  for (const std::string_view part :
       {R"("source":"\"flow\".csv")", R"("published":5000,)", R"("reconciled":true,"problems":[])",
        R"("events_per_second":10000,)", R"("seconds":0.500000,)",
        R"("publish_ns":{"p50":90,"p99":200,"p999":400,"max":9000,"samples":78})", R"("best_bid":5853500,)",
        R"("best_ask":null,"crossed":0,"unknown_orders":45,)",
        R"("pass":{"messages":998,"unknown_orders":9,"inconsistent":0,"crossed":0,"live_orders":38,)",
        R"({"name":"book","policy":"block","received":5000,"lost":0,"expected":5000,"lag_bytes":0,)",
        R"({"name":"risk-1","policy":"block","group":"risk","received":5000,"lost":0,"lag_bytes":0,)",
        R"({"name":"screen","policy":"drop_oldest","received":40,"lost":4960,"expected":5000,)",
        R"("groups":[{"name":"risk","members":1,"received":5000,"expected":5000,"ok":true}])",
        R"("day":10})"}) {
    expect_contains(json, part);
  }
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(Report, with_a_problem_is_not_reconciled_and_names_it) {
  Report report = sample_report();
  report.problems = {"book received 4,999 of 5,000 events"};
  report.subscribers[0].ok = false;
  expect_contains(to_json(report),
                  R"("reconciled":false,"problems":["book received 4,999 of 5,000 events"])");
  const std::string table = to_table(report);
  expect_contains(table, "NOT reconciled:\n  - book received 4,999 of 5,000 events\n");
  expect_contains(table, "OFF");
}

TEST(Report, as_a_table_shows_counts_latencies_and_the_book) {
  const std::string table = to_table(sample_report());
  for (const std::string_view part :
       {"Published 5,000 events in 500 ms: 10,000 events/s", "p99.9", "9.00 us",
        "best bid $585.3500, best ask none", "9 on orders placed before it began", "drop_oldest", "4,960",
        "One of 64 events is timed", "Reconciled: every count agrees"}) {
    expect_contains(table, part);
  }
}

TEST(Report, of_a_paced_run_says_how_it_was_timed) {
  Report report = sample_report();
  report.rate = 10'000;
  report.sampled_every = 1;
  const std::string table = to_table(report);
  expect_contains(table, "10,000 events/s asked for");
  expect_contains(table, "Every event is timed");
  expect_contains(table, "overruns its slot");
}

TEST(Report, of_a_run_that_was_cut_before_the_first_close_says_so) {
  Report report = sample_report();
  report.passes = 0;
  report.interrupted = true;
  const std::string table = to_table(report);
  expect_contains(table, "interrupted");
  expect_contains(table, "no day was over");
}

JournalReport sample_journal() {
  JournalReport journal;
  journal.directory = "kept";
  journal.found.shards = {{.shard = 0, .position = 640, .from_ring = 1'234}};
  journal.earlier = 7'000;
  journal.kept.by_kind = {2'000, 100, 1'500, 900, 490, 0, 0, 10};
  journal.bytes = 320'000;
  journal.directory_bytes = 4U << 20;
  journal.close_seconds = 0.01;
  journal.open_seconds = 0.002;
  journal.read_seconds = 0.5;
  return journal;
}

TEST(Report, of_a_run_that_was_kept_tells_of_its_journal) {
  Report report = sample_report();
  EXPECT_EQ(to_json(report).find("journal"), std::string::npos);
  report.journal = sample_journal();
  const std::string json = to_json(report);
  for (const std::string_view part :
       {R"("journal":{"directory":"kept","recovery":{"is_new":false,"was_closed":false,"ring":"","shards":[)",
        R"({"shard":0,"position":640,"from_ring":1234,"aborted_bytes":0,"written_anew_bytes":0,)",
        R"("cut_at":null,"tail_unknown":null}]},"earlier":7000,"kept":5000,)", R"("execution":900,)",
        R"("bytes":320000,"directory_bytes":4194304,"close_seconds":0.010000,)",
        R"("read_events_per_second":10000,"read_bytes_per_second":640000,"ok":true})"}) {
    expect_contains(json, part);
  }
  const std::string table = to_table(report);
  for (const std::string_view part :
       {"Journal kept: the run before was not closed: 1,234 events came from its ring\n",
        "kept 5,000 events of this run in 312 KiB, behind 7,000 events of earlier runs; 4.00 MiB on the "
        "disk\n",
        "closed in 10.0 ms, open again in 2.00 ms, read back in 500 ms: 10,000 events/s, 625 KiB/s\n"}) {
    expect_contains(table, part);
  }
}

TEST(Report, of_a_journal_whose_earlier_events_can_not_be_read_says_so) {
  JournalReport journal = sample_journal();
  journal.earlier.reset();
  journal.ok = false;
  expect_contains(to_text(journal), "behind earlier ones that can't all be read");
  expect_contains(to_text(journal), "; OFF");
  Report report = sample_report();
  report.journal = journal;
  expect_contains(to_json(report), R"("earlier":null)");
}

TEST(Report, says_what_the_run_before_left_in_the_journal) {
  EXPECT_EQ(describe({.is_new = true}), "it is new");
  EXPECT_EQ(describe({.was_closed = true}), "the run before was closed in order");
  sluice::JournalRecovery lost;
  lost.ring = "its ring is gone";
  lost.shards = {{.from_ring = 1, .aborted_bytes = 96, .cut_at = 4'096, .written_anew_bytes = 2'048},
                 {.shard = 1, .tail_unknown = 64'000}};
  EXPECT_EQ(
      describe(lost),
      "the run before was not closed: on shard 0 1 event came from its ring, 96 B of open claims did "
      "not, 2.00 KiB were written anew, as a sync may have failed, a torn record was cut off at position "
      "4,096; on shard 1 0 events came from its ring, and what lay behind position 64,000 is lost, if "
      "there was anything (its ring is gone)");
}

TEST(Report, of_nothing_has_a_rate_of_zero) {
  EXPECT_EQ(Report().events_per_second(), 0.0);
  expect_contains(to_json(Report()), R"("events_per_second":0,)");
}

TEST(TextTable, aligns_words_left_and_numbers_right) {
  TextTable table(1);
  table.add({"name", "count", ""});
  table.add({"a", "12,345", "ok"});
  table.add({"longer"});
  EXPECT_EQ(table.str(2),
            "  name     count\n"
            "  a       12,345  ok\n"
            "  longer\n");
}

}  // namespace
}  // namespace trading

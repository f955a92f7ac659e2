// Journals damaged in many ways, and what a repair makes of them: each opens again, has every record that was
// not damaged, says where the others were, and a second repair finds nothing to do.
//
// A sample runs by default; with SLUICE_TEST_FULL=1 twenty-five times as many. SLUICE_TEST_SEED gives the
// seed.
#include "effort.hpp"
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <set>

#include "integration/damaged_journal.hpp"
#include "tools/verification.hpp"

namespace sluice::test {
namespace {

using detail::MemoryFileSystem;
using detail::SalvagePlan;

const detail::SalvageProgress kNoProgress = [](std::uint64_t) {};

std::string in_journal(const std::string& name) {
  return std::string(kDamagedDirectory) + "/" + name;
}

/// Bytes of a file that are not what they were.
struct Harm {
  std::string file;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

const Image& image_of(Ending ending) {
  static const Image closed = make_image(Ending::closed);
  static const Image killed = make_image(Ending::killed);
  return ending == Ending::closed ? closed : killed;
}

/// What damage the manifest's checks and `verify` see; empty for none.
std::string damage_in(MemoryFileSystem& files) {
  const auto view = detail::JournalView::open(files, kDamagedDirectory);
  if (!view) return view.error().to_string();
  tools::Verification verification(**view);
  if (auto done = verification.run(); !done) return done.error().to_string();
  for (const tools::Finding& finding : verification.findings()) {
    if (finding.severity == tools::Finding::Severity::damage) return to_text(finding);
  }
  return "";
}

/// Whether somebody who reads what the repair prints knows that this event is gone.
bool is_told_of(const SalvagePlan& plan, const Placed& placed) {
  const auto covers = [&](std::uint32_t shard, std::uint64_t from, std::uint64_t to) {
    return shard == placed.shard && from <= placed.seen.position && placed.seen.position < to;
  };
  return std::any_of(plan.lost.begin(), plan.lost.end(),
                     [&](const auto& lost) { return covers(lost.shard, lost.from, lost.to); }) ||
         std::any_of(plan.findings.begin(), plan.findings.end(), [&](const auto& finding) {
           return finding.shard && covers(*finding.shard, finding.from, finding.to);
         });
}

class Repair : public testing::TestWithParam<Ending> {
 protected:
  [[nodiscard]] const Image& image() const { return image_of(GetParam()); }

  /// Repairs, and holds what came of it against what was not harmed.
  SalvagePlan repair(MemoryFileSystem& files, const std::vector<Harm>& harms) {
    auto plan = detail::plan_salvage(files, kDamagedDirectory, kNoProgress);
    EXPECT_TRUE(plan) << plan.error();
    if (!plan) return {};
    const auto done = detail::carry_out(files, *plan, kNoProgress);
    EXPECT_TRUE(done) << done.error();
    check(files, *plan, harms);
    return *std::move(plan);
  }

  void check(MemoryFileSystem& files, const SalvagePlan& plan, const std::vector<Harm>& harms) {
    EXPECT_EQ(damage_in(files), "");
    const auto again = detail::plan_salvage(files, kDamagedDirectory, kNoProgress);
    ASSERT_TRUE(again) << again.error();
    EXPECT_FALSE(again->needs_repair()) << again->findings.at(0).file << " " << again->findings.at(0).what;
    EXPECT_EQ(again->events, plan.events);
    auto kept = events_of(files, kDamagedDirectory);
    ASSERT_TRUE(kept) << kept.error();
    std::size_t count = 0;
    for (const Placed& placed : image().events) {
      const auto& shard = kept->at(placed.shard);
      const auto at = std::find_if(shard.begin(), shard.end(),
                                   [&](const Seen& seen) { return seen.position == placed.seen.position; });
      const bool is_harmed = std::any_of(harms.begin(), harms.end(), [&](const Harm& harm) {
        return harm.file == placed.file && harm.from < placed.offset + placed.length &&
               placed.offset < harm.to;
      });
      if (at == shard.end()) {
        EXPECT_TRUE(is_harmed) << "event at " << placed.seen.position << " of shard " << placed.shard;
        // After a run that was not closed the opening says that nobody knows what followed.
        const bool is_last = shard.empty() || placed.seen.position > shard.back().position;
        const bool is_told = is_told_of(plan, placed) || (!plan.manifest.closed && is_last);
        EXPECT_TRUE(is_told) << "event at " << placed.seen.position << " is lost, and nothing said so";
        continue;
      }
      ++count;
      Seen seen = *at;
      if (seen.topic.starts_with("salvaged.topic.")) seen.topic = placed.seen.topic;
      EXPECT_EQ(seen, placed.seen);
    }
    EXPECT_EQ(count, kept->at(0).size() + kept->at(1).size()) << "no event that was not published";
    EXPECT_EQ(count, plan.events);
  }
};

INSTANTIATE_TEST_SUITE_P(Of, Repair, testing::Values(Ending::closed, Ending::killed),
                         [](const auto& of) { return of.param == Ending::closed ? "closed" : "killed"; });

TEST_P(Repair, finds_nothing_to_do_in_a_sound_journal) {
  MemoryFileSystem files = image().file_system();
  const auto plan = detail::plan_salvage(files, kDamagedDirectory, kNoProgress).value();
  EXPECT_FALSE(plan.needs_repair()) << plan.findings.at(0).what;
  EXPECT_TRUE(plan.parts.empty() && plan.to_move.empty() && plan.to_copy.empty() && plan.lost.empty());
  EXPECT_EQ(plan.events, image().events.size());
}

TEST_P(Repair, loses_no_more_than_the_record_that_was_damaged) {
  for (std::size_t i = 3; i < image().events.size(); i += 61) {
    const Placed& event = image().events[i];
    SCOPED_TRACE(event.seen.position);
    MemoryFileSystem files = image().file_system();
    const std::uint64_t at = event.offset + 30;
    files.at(in_journal(event.file))[at] ^= std::byte{16};
    const SalvagePlan plan = repair(files, {{event.file, at, at + 1}});
    EXPECT_EQ(plan.events, image().events.size() - 1);
    ASSERT_EQ(plan.lost.size(), 1U);
    EXPECT_EQ(plan.lost[0].from, event.seen.position);
    EXPECT_EQ(plan.lost[0].to, event.seen.position + log::align_record(event.length));
    // A file of which only the end is bad stays, up to there.
    if (plan.to_move.empty()) continue;
    ASSERT_EQ(plan.to_move, std::vector{event.file});
    EXPECT_EQ(files.at(in_journal(plan.aside + "/" + event.file)).at(at),
              image().files.at(event.file).at(at) ^ std::byte{16})
        << "the damaged file is kept as it was";
  }
}

TEST_P(Repair, keeps_everything_when_a_header_or_what_fills_records_up_is_damaged) {
  const std::string name = image().segments()[1];
  for (const std::size_t at : {3U, 9U, 20U, 50U, 66U, 1000U}) {
    MemoryFileSystem files = image().file_system();
    files.at(in_journal(name))[at] ^= std::byte{1};
    EXPECT_TRUE(repair(files, {}).lost.empty()) << at;
  }
  for (const Placed& event : image().events) {
    if (event.length % 32 == 0) continue;
    MemoryFileSystem files = image().file_system();
    files.at(in_journal(event.file))[event.offset + event.length] = std::byte{1};
    EXPECT_TRUE(repair(files, {}).lost.empty());
    break;
  }
}

TEST_P(Repair, leaves_a_gap_where_a_file_is_missing_or_was_cut_short) {
  for (const std::string& name : image().segments()) {
    const Bytes& sound = image().files.at(name);
    SCOPED_TRACE(name);
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{4096}, std::size_t{4100},
                                   std::size_t{9000}, sound.size() - 1}) {
      MemoryFileSystem files = image().file_system();
      files.at(in_journal(name)).resize(size);
      (void)repair(files, {{name, size, sound.size()}});
    }
    MemoryFileSystem files = image().file_system();
    ASSERT_TRUE(files.remove(in_journal(name)));
    const SalvagePlan plan = repair(files, {{name, 0, sound.size()}});
    EXPECT_FALSE(plan.lost.empty());
  }
}

TEST_P(Repair, of_every_segment_at_once_leaves_an_empty_log_that_goes_on_behind_it) {
  MemoryFileSystem files = image().file_system();
  std::vector<Harm> harms;
  for (const std::string& name : image().segments()) {
    ASSERT_TRUE(files.remove(in_journal(name)));
    harms.push_back({name, 0, ~std::uint64_t{0}});
  }
  const SalvagePlan plan = repair(files, harms);
  EXPECT_EQ(plan.events, 0U);
  std::map<std::uint32_t, std::uint64_t> ends;
  for (const Placed& event : image().events) ends[event.shard] = event.seen.position + event.length;
  for (const detail::SegmentEntry& entry : plan.segments) {
    // Of a run that was killed, what was synced is all that is known: nobody else can have been told of more.
    if (GetParam() == Ending::closed) {
      EXPECT_GE(*entry.end, ends[entry.shard]);
    }
    EXPECT_GT(*entry.end, 0U);
  }
}

TEST_P(Repair, keeps_events_whose_topics_are_lost_and_says_which) {
  const std::string name = image().control_log();
  const std::size_t size = image().files.at(name).size();
  for (std::size_t at = 0; at < size; at += 5) {
    MemoryFileSystem files = image().file_system();
    files.at(in_journal(name))[at] ^= std::byte{2};
    const SalvagePlan plan = repair(files, {});
    EXPECT_TRUE(plan.lost.empty());
    EXPECT_LE(plan.made_up.size(), 1U) << "one frame at most was harmed, at " << at;
  }
  MemoryFileSystem files = image().file_system();
  ASSERT_TRUE(files.remove(in_journal(name)));
  const SalvagePlan plan = repair(files, {});
  ASSERT_EQ(plan.made_up.size(), 7U);
  EXPECT_EQ(plan.made_up[3].topic.name, "salvaged.topic.3");
  std::uint64_t events = 0;
  for (const auto& made_up : plan.made_up) events += made_up.events;
  EXPECT_EQ(events, image().events.size());
}

TEST_P(Repair, makes_the_synced_record_anew) {
  for (const std::size_t size : {0U, 4096U, 122'879U}) {
    MemoryFileSystem files = image().file_system();
    files.at(in_journal("SYNCED")).resize(size);
    EXPECT_TRUE(repair(files, {}).lost.empty()) << size;
  }
  MemoryFileSystem files = image().file_system();
  for (const std::size_t at : {60U, 40'960U + 60U, 81'920U + 60U}) {
    files.at(in_journal("SYNCED"))[at] ^= std::byte{1};
  }
  EXPECT_TRUE(repair(files, {}).lost.empty());
  files = image().file_system();
  ASSERT_TRUE(files.remove(in_journal("SYNCED")));
  EXPECT_TRUE(repair(files, {}).lost.empty());
}

TEST_P(Repair, makes_the_manifest_anew_from_the_segments) {
  const Bytes& sound = image().files.at("MANIFEST");
  for (std::size_t at = 16; at < sound.size(); at += Effort{1, 3, 53}.now()) {
    MemoryFileSystem files = image().file_system();
    files.at(in_journal("MANIFEST"))[at] ^= std::byte{4};
    EXPECT_TRUE(repair(files, {}).lost.empty()) << at;
  }
  for (std::size_t size = 0; size < sound.size(); size += Effort{1, 41, 331}.now()) {
    MemoryFileSystem files = image().file_system();
    files.at(in_journal("MANIFEST")).resize(size);
    EXPECT_TRUE(repair(files, {}).lost.empty()) << size;
  }
  MemoryFileSystem files = image().file_system();
  ASSERT_TRUE(files.remove(in_journal("MANIFEST")));
  EXPECT_TRUE(repair(files, {}).lost.empty());
}

TEST_P(Repair, refuses_where_neither_manifest_nor_header_says_which_run_wrote_a_segment) {
  MemoryFileSystem files = image().file_system();
  ASSERT_TRUE(files.remove(in_journal("MANIFEST")));
  const std::string name = in_journal(image().segments()[0]);
  files.at(name)[50] ^= std::byte{1};
  const auto plan = detail::plan_salvage(files, kDamagedDirectory, kNoProgress);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::corrupt);
  EXPECT_NE(plan.error().message.find(name), std::string::npos) << plan.error();
}

TEST_P(Repair, lists_a_segment_again_that_the_manifest_has_forgotten) {
  MemoryFileSystem files = image().file_system();
  auto manifest = detail::load_manifest(files, kDamagedDirectory).value().value();
  manifest.segments.erase(manifest.segments.begin() + 1);
  ASSERT_TRUE(detail::store_manifest(files, kDamagedDirectory, manifest));
  EXPECT_EQ(repair(files, {}).events, image().events.size());
}

TEST_P(Repair, moves_a_segment_away_that_stands_for_what_others_hold) {
  MemoryFileSystem files = image().file_system();
  const std::string stranger = "shard-0000-0000000000000000-0000000000000001.segment";
  files.at(in_journal(stranger)) = image().files.at(image().segments()[0]);
  const SalvagePlan plan = repair(files, {});
  EXPECT_EQ(plan.to_move, std::vector{stranger});
  EXPECT_TRUE(files.exists(in_journal(plan.aside + "/" + stranger)).value());
}

/// One kind of damage at a random place.
std::optional<Harm> harm_something(MemoryFileSystem& files, const Image& image, std::mt19937_64& random) {
  auto name =
      std::next(image.files.begin(), static_cast<std::ptrdiff_t>(random() % image.files.size()))->first;
  // Most of a journal is segments.
  if (random() % 2 == 0) name = image.segments()[random() % image.segments().size()];
  if (name == "POSITIONS" || !files.exists(in_journal(name)).value()) return std::nullopt;
  Bytes& bytes = files.at(in_journal(name));
  if (bytes.empty()) return std::nullopt;
  const std::size_t at = random() % bytes.size();
  switch (random() % 8) {
    case 0:
      (void)files.remove(in_journal(name));
      return Harm{name, 0, ~std::uint64_t{0}};
    case 1:
      bytes.resize(at);
      return Harm{name, at, ~std::uint64_t{0}};
    case 2:
    case 3: {
      const std::size_t count = std::min(bytes.size() - at, std::size_t{1} << (random() % 13));
      for (std::size_t i = at; i < at + count; ++i) bytes[i] = static_cast<std::byte>(random());
      return Harm{name, at, at + count};
    }
    default:
      bytes[at] ^= static_cast<std::byte>(1U << (random() % 8));
      return Harm{name, at, at + 1};
  }
}

TEST_P(Repair, of_any_damage_keeps_every_record_that_was_not_damaged) {
  const char* const given = std::getenv("SLUICE_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  const std::size_t rounds = Effort{.full = 20'000, .sample = 800, .sanitized = 40}.now();
  std::size_t refused = 0;
  for (std::size_t round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE("SLUICE_TEST_SEED=" + std::to_string(seed) + ", round " + std::to_string(round));
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(round) * 7919);
    MemoryFileSystem files = image().file_system();
    std::vector<Harm> harms;
    for (std::uint64_t i = 0; i <= random() % 4; ++i) {
      if (const auto harm = harm_something(files, image(), random)) harms.push_back(*harm);
    }
    std::string harmed;
    for (const Harm& harm : harms) {
      harmed += harm.file + " " + std::to_string(harm.from) + " to " + std::to_string(harm.to) + "\n";
    }
    SCOPED_TRACE(harmed);
    const auto plan = detail::plan_salvage(files, kDamagedDirectory, kNoProgress);
    if (plan) {
      (void)repair(files, harms);
      continue;
    }
    // Without a manifest everything hangs on the headers; and one that calls itself newer is believed.
    ++refused;
    const bool has_no_manifest =
        std::any_of(harms.begin(), harms.end(), [](const Harm& harm) { return harm.file == "MANIFEST"; });
    EXPECT_TRUE(has_no_manifest) << plan.error();
  }
  std::printf("seed %llu: %zu damaged journals, %zu of them refused\n", static_cast<unsigned long long>(seed),
              rounds, refused);
  EXPECT_LT(refused, rounds / 4);
}

}  // namespace
}  // namespace sluice::test
#endif

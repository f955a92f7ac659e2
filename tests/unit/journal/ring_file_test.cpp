// What a dead run's ring holds: records, and claims that were open.
#include "journal/ring_file.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/detail/shard.hpp"

#include "journal/segment_format.hpp"
#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

using log::CommitWord;
using log::RecordKind;

class DeadRing {
 public:
  explicit DeadRing(Producers producers)
      : ring_(RingFile::create(files_, "rings", EventId(), 7, std::vector<ShardRequest>{{4096, producers}})
                  .value()) {}

  DeadRing& word(std::uint64_t position, std::uint64_t bits) {
    std::memcpy(ring_->memory(0).data() + kRingHeaderBytes + position % 4096, &bits, sizeof bits);
    return *this;
  }
  DeadRing& event(std::uint64_t position, std::uint32_t length) {
    return word(position, CommitWord::committed(RecordKind::data, length).bits());
  }
  DeadRing& tail(std::uint64_t position) {
    std::memcpy(ring_->memory(0).data(), &position, sizeof position);
    return *this;
  }
  /// As text: position, what it is, and how far it reaches.
  [[nodiscard]] std::string records(std::uint64_t from) {
    std::string all;
    for (const RingFile::Record& record : ring_->records(0, from)) {
      all += std::to_string(record.position) + (record.bytes == nullptr ? " open " : " kept ") +
             std::to_string(record.word.stride()) + "; ";
    }
    return all;
  }

 private:
  MemoryFileSystem files_;
  std::unique_ptr<RingFile> ring_;
};

TEST(RingFile, gives_committed_records_back_from_a_position_on) {
  DeadRing ring(Producers::multi);
  ring.event(0, 40).event(64, 24).event(96, 100).tail(224);
  EXPECT_EQ(ring.records(64), "64 kept 32; 96 kept 128; ");
  EXPECT_EQ(ring.records(224), "");
}

TEST(RingFile, steps_over_a_marked_claim_by_its_length_whatever_lies_in_it) {
  DeadRing ring(Producers::multi);
  ring.event(0, 30).word(32, CommitWord::claimed(96).bits()).event(64, 24).event(128, 30).tail(160);
  EXPECT_EQ(ring.records(0), "0 kept 32; 32 open 96; 128 kept 32; ");
}

TEST(RingFile, takes_an_unmarked_claim_to_reach_to_the_next_one_and_keeps_what_is_behind) {
  DeadRing ring(Producers::multi);
  ring.event(0, 30).event(128, 30).word(160, CommitWord::claimed(64).bits()).event(256, 30).tail(320);
  EXPECT_EQ(ring.records(0),
            "0 kept 32; 32 open 96; 128 kept 32; 160 open 64; 224 open 32; 256 kept 32; 288 open 32; ");
}

TEST(RingFile, takes_a_single_producers_open_claim_for_the_last_one) {
  DeadRing ring(Producers::single);
  ring.event(0, 30).event(64, 30).tail(160);
  EXPECT_EQ(ring.records(0), "0 kept 32; 32 open 128; ") << "what looks like a record is an unfinished body";
}

TEST(RingFile, goes_round_the_rings_end) {
  DeadRing ring(Producers::multi);
  ring.word(8128, CommitWord::committed(RecordKind::padding, 64).bits()).event(8192, 30).tail(8224);
  EXPECT_EQ(ring.records(8128), "8128 kept 64; 8192 kept 32; ");
}

TEST(RingFile, believes_no_record_that_crosses_the_tail) {
  DeadRing ring(Producers::multi);
  ring.event(0, 500).tail(96);
  EXPECT_EQ(ring.records(0), "0 open 96; ");
}

}  // namespace
}  // namespace sluice::detail

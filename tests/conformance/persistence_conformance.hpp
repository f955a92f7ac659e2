#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/persistence.hpp"

#include "conformance/persistence_maker.hpp"
#include "unit/bus/support.hpp"

/// What every persistence promises, in files of one theme each: what history holds, how one run follows
/// another, and the places that readers know. The implementations are listed in
/// `persistence_implementations_test.cpp`.
namespace sluice::conformance {

class PersistenceConformance : public testing::TestWithParam<Implementation> {
 protected:
  /// Opens a bus on the log, with small rings so that they are lapped.
  Bus open(BusOptions options = {}) {
    persistence_ = maker_->make();
    options.persistence = persistence_;
    options.capacity_bytes = test::kSmallRing;
    return Bus::open(std::move(options)).value();
  }
  [[nodiscard]] History history(std::uint32_t shard = 0, std::uint64_t from = 0) {
    History all;
    const auto end = persistence_->read(shard, from, [&](const EventView& event) {
      EXPECT_EQ(event.shard(), shard);
      all.emplace_back(event);
      return true;
    });
    EXPECT_TRUE(end) << end.error();
    return all;
  }
  [[nodiscard]] std::vector<std::string> payloads(std::uint32_t shard = 0, std::uint64_t from = 0) {
    std::vector<std::string> all;
    for (const Seen& seen : history(shard, from)) all.push_back(seen.payload);
    return all;
  }
  static void take(Subscription& firehose, History& seen) {
    while (firehose.poll([&](const EventView& event) { seen.emplace_back(event); }).events != 0) {
    }
  }

  std::unique_ptr<Maker> maker_ = GetParam().maker();
  std::shared_ptr<Persistence> persistence_;
};

}  // namespace sluice::conformance

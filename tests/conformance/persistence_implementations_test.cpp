// The persistences that must keep the promise. Add yours to the list.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sluice/journal/journal.hpp"

#include "bus/memory_persistence.hpp"
#include "conformance/persistence_conformance.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::conformance {
namespace {

/// It keeps everything until it is told to let go.
class MemoryMaker final : public Maker {
 public:
  std::shared_ptr<Persistence> make() override { return memory_; }
  bool forget_below(Persistence&, std::uint32_t shard, std::uint64_t position) override {
    static_cast<detail::MemoryPersistence&>(*memory_).forget_below(shard, position);
    return true;
  }

 private:
  std::shared_ptr<Persistence> memory_ = memory_persistence();
};

/// A directory, opened anew for each run.
class JournalMaker final : public Maker {
 public:
  explicit JournalMaker(std::string ring_directory) : ring_directory_(std::move(ring_directory)) {}

  std::shared_ptr<Persistence> make() override {
    JournalOptions options;
    options.directory = directory_.path() + "/journal";
    options.ring_directory = ring_directory_;
    options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;  // so that there are several
    return journal(options);
  }

 private:
  test::TemporaryDirectory directory_;
  std::string ring_directory_;
};

template <class MadeBy, class... Arguments>
Implementation implementation(std::string name, Arguments... arguments) {
  return {std::move(name), [arguments...] { return std::make_unique<MadeBy>(arguments...); }};
}

INSTANTIATE_TEST_SUITE_P(Implementations, PersistenceConformance,
                         testing::Values(implementation<MemoryMaker>("memory"),
                                         implementation<JournalMaker>("journal", std::string("/dev/shm")),
                                         implementation<JournalMaker>("journal_without_ring_file",
                                                                      std::string())),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice::conformance

// The persistences that must keep the promise. Add yours to the list.
#include <cstdint>
#include <memory>

#include <gtest/gtest.h>

#include "bus/memory_persistence.hpp"
#include "conformance/persistence_conformance.hpp"

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

INSTANTIATE_TEST_SUITE_P(Implementations, PersistenceConformance,
                         testing::Values(Implementation{"memory",
                                                        [] { return std::make_unique<MemoryMaker>(); }}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice::conformance

#include "sluice/log/gates.hpp"

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

using Table = GateTable<Machine>;

void stand(std::atomic<std::uint64_t>& place, std::uint64_t value) {
  place.store(value, std::memory_order_release);
}

TEST(GateValue, keeps_position_and_phase_apart) {
  for (const GatePhase phase : {GatePhase::plain, GatePhase::claiming, GatePhase::working,
                                GatePhase::orphaned, GatePhase::evicted, GatePhase::adopting}) {
    const std::uint64_t value = gate_value(0x7fff'ffff'ffff'ffe0U, phase);
    EXPECT_EQ(gate_position(value), 0x7fff'ffff'ffff'ffe0U);
    EXPECT_EQ(gate_phase(value), phase);
  }
}

TEST(GateTable, that_nobody_uses_holds_nobody_back) {
  Table table(4, 2);
  EXPECT_EQ(table.lowest(), kNoGate);
  EXPECT_EQ(table.lowest_fixed(), kNoGate);
}

TEST(GateTable, finds_the_lowest_of_gates_and_cursors) {
  Table table(4, 2);
  table.use_gates_up_to(3);
  table.use_cursors_up_to(1);
  stand(table.gate(3).value, 320);
  EXPECT_EQ(table.lowest(), 320U);
  stand(table.gate(0).value, 640);
  EXPECT_EQ(table.lowest(), 320U);
  stand(table.cursor(1).position, 160);
  EXPECT_EQ(table.lowest(), 160U);
  stand(table.gate(2).value, gate_value(64, GatePhase::working));
  EXPECT_EQ(table.lowest(), 64U);
}

TEST(GateTable, counts_a_gate_whatever_its_phase) {
  for (const GatePhase phase : {GatePhase::plain, GatePhase::claiming, GatePhase::working,
                                GatePhase::orphaned, GatePhase::evicted, GatePhase::adopting}) {
    Table table(1, 1);
    table.use_gates_up_to(0);
    stand(table.gate(0).value, gate_value(96, phase));
    EXPECT_EQ(table.lowest(), 96U);
    EXPECT_EQ(table.lowest_fixed(), 96U);
  }
}

TEST(GateTable, leaves_cursors_that_may_drop_out_of_what_is_fixed) {
  Table table(1, 2);
  table.use_cursors_up_to(1);
  const TopicSet everything(~std::uint64_t{0});
  stand(table.cursor(0).position, 32);
  table.cursor(0).drop_filter.store(&everything);
  stand(table.cursor(1).position, 96);
  EXPECT_EQ(table.lowest(), 32U);
  EXPECT_EQ(table.lowest_fixed(), 96U);
}

TEST(GateTable, scans_the_slots_that_were_ever_used_and_forgets_none) {
  Table table(8, 4);
  table.use_gates_up_to(5);
  table.use_gates_up_to(2);
  table.use_cursors_up_to(3);
  table.use_cursors_up_to(0);
  EXPECT_EQ(table.gates_used(), 6U);
  EXPECT_EQ(table.cursors_used(), 4U);
}

}  // namespace
}  // namespace sluice::log

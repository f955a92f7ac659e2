#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "model/checker/choices.hpp"
#include "model/checker/facts.hpp"
#include "model/checker/scheduler.hpp"
#include "model/checker/site.hpp"
#include "model/checker/trace.hpp"
#include "model/checker/view.hpp"

namespace sluice::model {

/// The memory of one schedule: for each location all the stores it has had, and for each thread what it knows
/// of them.
///
/// **Semantics** (README.md has them in full). A load may return any store that is not older than what its
/// thread has seen of that location; taking another than the newest costs one of the thread's stale reads. A
/// release store carries its thread's view, an acquire load takes it over. Stores enter the modification
/// order when they are executed. `load`, `store`, ... are called only while threads run: what the scenario
/// does before and after is plain access to the cells.
class WeakMemory {
 public:
  using Location = std::uint32_t;
  struct Budget {
    int stale_reads = 0;     ///< per thread
    int spurious_fails = 0;  ///< per thread: compare_exchange_weak
    int spurious_wakes = 0;  ///< per thread: futex_wait
  };

  WeakMemory(Choices& choices, Facts& facts, Sites& sites, Scheduler& scheduler, Trace& trace)
      : choices_(&choices), facts_(&facts), sites_(&sites), scheduler_(&scheduler), trace_(&trace) {}

  /// Forgets every location: a new scenario is about to be built.
  void clear() noexcept;
  /// To be called when the scenario is built, before its threads run.
  void begin(int threads, const Budget& budget);

  /// `cell` holds the newest value, always. Locations that are never accessed plainly need no record of it.
  Location add(std::uint64_t* cell);
  Location add_with_plain_access(std::uint64_t* cells, std::size_t count);
  /// For traces and messages: `cells` words from `first` on.
  void name(const std::uint64_t* first, std::size_t cells, std::string_view name);

  std::uint64_t load(Location location, std::memory_order order, const std::source_location& where);
  void store(Location location, std::uint64_t value, std::memory_order order,
             const std::source_location& where);
  /// Both halves of a read-modify-write; nothing runs in between.
  std::uint64_t rmw_read(Location location, std::memory_order order, const std::source_location& where);
  void rmw_write(Location location, std::uint64_t value, std::memory_order order,
                 const std::source_location& where);

  enum class Strength : std::uint8_t { weak, strong };
  struct Exchanged {
    bool done;
    std::uint64_t seen;
  };
  Exchanged compare_exchange(Location location, std::uint64_t expected, std::uint64_t desired,
                             std::memory_order success, std::memory_order failure, Strength strength,
                             const std::source_location& where);

  void full_fence(const std::source_location& where);
  void acquire_fence(const std::source_location& where);
  void release_fence(const std::source_location& where);
  void light_fence(const std::source_location& where);
  void heavy_fence(const std::source_location& where);

  void plain_read(Location location, std::size_t count, const std::source_location& where);
  void plain_write(Location location, std::size_t count, const std::source_location& where);

  void futex_wait(Location location, std::uint64_t expected, const std::source_location& where);
  void futex_wake_all(Location location, const std::source_location& where);
  void signal(int event_fd, const std::source_location& where);
  /// Until the descriptor is readable; drains it.
  void await_signal(int event_fd, const std::source_location& where);
  void pause(const std::source_location& where);

  [[nodiscard]] std::uint64_t signals(int event_fd) const { return fd(event_fd).sent; }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t kDescriptors = 16;
  using Access = Facts::Access;
  using Fence = Facts::Fence;

  /// One store in a location's modification order.
  struct Entry {
    std::uint64_t value;
    std::uint32_t previous;
    std::uint16_t timestamp;
    std::int8_t writer;
    bool is_plain;  ///< its value is in the cell for as long as it is the newest
    View view;      ///< what it hands to an acquirer
  };
  struct Cell {
    std::uint64_t* value;
    std::uint64_t first_value;  ///< valid once there is an entry
    std::uint32_t newest;       ///< entry, or kNone while the scenario's own value stands
    std::uint16_t newest_timestamp;
    std::uint8_t slot;
    std::uint32_t touches;  ///< kNone: only atomic accesses
  };
  /// When each thread last accessed a location in each of the four ways.
  struct Touches {
    std::array<Clocks, 4> by_access;
  };
  struct Thread {
    View view;
    View acquirable;  ///< what relaxed loads have read: an acquire fence takes it over
    View released;    ///< the view at the last release fence: what relaxed stores carry
    int stale_left = 0;
    int fails_left = 0;
    int wakes_left = 0;
  };
  struct Descriptor {
    std::uint64_t sent = 0;
    std::uint64_t pending = 0;
    View view;
  };

  [[nodiscard]] Thread& me() noexcept { return threads_[static_cast<std::size_t>(scheduler_->current())]; }
  void tick() noexcept { ++me().view.done.at[static_cast<std::size_t>(scheduler_->current())]; }

  void spend(int& budget) noexcept {
    --budget;
    scheduler_->count_blindness();
  }

  /// What every access begins with. False: nobody else can notice it.
  bool enter(Location location, Access access, std::memory_order order, const std::source_location& where);
  void check_race(Location location, Access access, const std::source_location& where);
  bool enter_fence(Operation operation, Fence fence, const std::source_location& where);

  std::uint64_t read_entry(Cell& cell, int age, std::memory_order order);
  void push(Cell& cell, std::uint64_t value, std::memory_order order, std::uint32_t carries_on);
  [[nodiscard]] int visible(const Cell& cell) noexcept;
  [[nodiscard]] std::uint64_t value_of_age(const Cell& cell, int age) const noexcept;
  void order_before(Cell& cell, std::memory_order order) noexcept;
  void order_after(Cell& cell, std::memory_order order) noexcept;

  [[nodiscard]] std::string name_of(Location location) const;
  void say(const std::string& what, const std::source_location& where);
  void say_access(const char* what, Location location, std::uint64_t value, std::memory_order order,
                  const char* remark, const std::source_location& where);
  [[nodiscard]] const Descriptor& fd(int event_fd) const;

  Choices* choices_;
  Facts* facts_;
  Sites* sites_;
  Scheduler* scheduler_;
  Trace* trace_;

  std::vector<Cell> cells_;
  std::vector<Touches> touches_;
  std::vector<Entry> entries_;
  struct Name {
    const std::uint64_t* first;
    std::size_t cells;
    std::string name;
  };
  std::vector<Name> names_;
  std::size_t lanes_ = 0;  ///< of timestamps, in use
  std::array<Thread, kMaxThreads> threads_;
  std::array<Descriptor, kDescriptors> descriptors_;
  bool descriptors_used_ = false;
  Timestamps full_fences_;   ///< what threads had seen at their full and heavy fences
  Timestamps heavy_fences_;  ///< the same, heavy ones only: what a light fence takes over
  Timestamps light_fences_;  ///< what a heavy fence takes over besides
};

}  // namespace sluice::model

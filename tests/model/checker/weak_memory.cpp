#include "model/checker/weak_memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sluice::model {
namespace {

constexpr bool acquires(std::memory_order order) noexcept {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
constexpr bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

}  // namespace

// ---- the scenario's set-up ----------------------------------------------------------------------------

void WeakMemory::clear() noexcept {
  cells_.clear();
  touches_.clear();
  entries_.clear();
  names_.clear();
  full_fences_ = heavy_fences_ = light_fences_ = {};
  if (descriptors_used_) descriptors_ = {};
  descriptors_used_ = false;
}

void WeakMemory::begin(int threads, const Budget& budget) {
  facts_->know(cells_.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i].slot = facts_->slot(i);
    if (cells_[i].slot != Facts::kPrivate && cells_[i].slot >= kMaxContended) {
      std::fprintf(stderr, "model: more than %zu contended locations: raise kMaxContended\n", kMaxContended);
      std::abort();
    }
  }
  lanes_ = (facts_->contended() + Timestamps::kLane - 1) / Timestamps::kLane;
  for (int i = 0; i < threads; ++i) {
    Thread& thread = threads_[static_cast<std::size_t>(i)];
    thread.view = thread.acquirable = thread.released = {};
    thread.view.done.at[static_cast<std::size_t>(i)] = 1;
    thread.stale_left = budget.stale_reads;
    thread.fails_left = budget.spurious_fails;
    thread.wakes_left = budget.spurious_wakes;
  }
}

WeakMemory::Location WeakMemory::add(std::uint64_t* cell) {
  cells_.push_back({cell, 0, kNone, 0, Facts::kPrivate, kNone});
  return static_cast<Location>(cells_.size() - 1);
}

WeakMemory::Location WeakMemory::add_with_plain_access(std::uint64_t* cells, std::size_t count) {
  const auto first = static_cast<Location>(cells_.size());
  for (std::size_t i = 0; i < count; ++i) {
    cells_.push_back({cells + i, 0, kNone, 0, Facts::kPrivate, static_cast<std::uint32_t>(touches_.size())});
    touches_.push_back({});
  }
  return first;
}

void WeakMemory::name(const std::uint64_t* first, std::size_t cells, std::string_view name) {
  // Names are for readers of a trace: a failing schedule is always run once more with one.
  if (trace_->is_on()) names_.push_back({first, cells, std::string(name)});
}

// ---- accesses -----------------------------------------------------------------------------------------

bool WeakMemory::enter(Location location, Access access, std::memory_order order,
                       const std::source_location& where) {
  if (location >= facts_->locations()) [[unlikely]] {
    scheduler_->fail("an atomic was constructed while threads run (" + short_place(where) +
                     "): build everything before");
  }
  if (!facts_->note(location, scheduler_->current(), access)) scheduler_->abandon();
  const Cell& cell = cells_[location];
  const bool contended = cell.slot != Facts::kPrivate;
  const bool is_plain = access == Access::plain_read || access == Access::plain_write;
  if (contended) {
    // A seq_cst operation also meets all fences.
    const Step step{order == std::memory_order_seq_cst ? Step::kEverything : location,
                    access == Access::write || access == Access::plain_write};
    if (is_plain)
      scheduler_->notice(step);
    else
      scheduler_->point(step);
  } else {
    scheduler_->count_step();
  }
  if (cell.touches != kNone) check_race(location, access, where);
  return contended;
}

void WeakMemory::check_race(Location location, Access access, const std::source_location& where) {
  static constexpr std::array<unsigned, 4> kConflicts{
      1u << static_cast<unsigned>(Access::plain_write),
      1u << static_cast<unsigned>(Access::plain_write) | 1u << static_cast<unsigned>(Access::plain_read),
      1u << static_cast<unsigned>(Access::plain_write) | 1u << static_cast<unsigned>(Access::write),
      15u,
  };
  static constexpr std::array<const char*, 4> kVerbs{"an atomic load", "an atomic store", "a plain read",
                                                     "a plain write"};
  Touches& touches = touches_[cells_[location].touches];
  const auto mine = static_cast<std::size_t>(access);
  const auto current = static_cast<std::size_t>(scheduler_->current());
  const Clocks& done = me().view.done;
  for (std::size_t kind = 0; kind < 4; ++kind) {
    if ((kConflicts[mine] >> kind & 1) == 0 || !touches.by_access[kind].exceeds(done)) continue;
    for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
      if (thread == current || touches.by_access[kind].at[thread] <= done.at[thread]) continue;
      scheduler_->fail("data race on " + name_of(location) + ": " + kVerbs[mine] + " at " +
                       short_place(where) + " is not ordered with " + kVerbs[kind] + " by thread " +
                       std::to_string(thread));
    }
  }
  touches.by_access[mine].at[current] = done.at[current];
}

std::uint64_t WeakMemory::load(Location location, std::memory_order order,
                               const std::source_location& where) {
  order = sites_->order_at(where, Operation::load, order);
  int age = 0;
  std::uint64_t value;
  if (enter(location, Access::read, order, where)) {
    Cell& cell = cells_[location];
    order_before(cell, order);
    if (me().stale_left > 0) {
      age = choices_->choose(visible(cell));
      if (age > 0) spend(me().stale_left);
    }
    value = read_entry(cell, age, order);
    order_after(cell, order);
  } else {
    value = *cells_[location].value;
  }
  if (trace_->is_on()) say_access("load", location, value, order, age > 0 ? "stale" : "", where);
  return value;
}

void WeakMemory::store(Location location, std::uint64_t value, std::memory_order order,
                       const std::source_location& where) {
  order = sites_->order_at(where, Operation::store, order);
  if (enter(location, Access::write, order, where)) {
    Cell& cell = cells_[location];
    push(cell, value, order, kNone);
    order_after(cell, order);
  } else {
    *cells_[location].value = value;
    tick();
  }
  if (trace_->is_on()) say_access("store", location, value, order, "", where);
}

std::uint64_t WeakMemory::rmw_read(Location location, std::memory_order order,
                                   const std::source_location& where) {
  order = sites_->order_at(where, Operation::rmw, order);
  if (!enter(location, Access::write, order, where)) return *cells_[location].value;
  return read_entry(cells_[location], 0, order);
}

void WeakMemory::rmw_write(Location location, std::uint64_t value, std::memory_order order,
                           const std::source_location& where) {
  order = sites_->order_at(where, Operation::rmw, order);
  Cell& cell = cells_[location];
  if (cell.slot != Facts::kPrivate) {
    push(cell, value, order, cell.newest);
    order_after(cell, order);
  } else {
    *cell.value = value;
    tick();
  }
  if (trace_->is_on()) say_access("rmw", location, value, order, "", where);
}

WeakMemory::Exchanged WeakMemory::compare_exchange(Location location, std::uint64_t expected,
                                                   std::uint64_t desired, std::memory_order success,
                                                   std::memory_order failure, Strength strength,
                                                   const std::source_location& where) {
  success = sites_->order_at(where, Operation::cas_success, success);
  failure = sites_->order_at(where, Operation::cas_failure, failure);
  const bool contended =
      enter(location, Access::write, std::max(success, failure), where);  // seq_cst is the greatest
  Cell& cell = cells_[location];
  const bool matches = *cell.value == expected;

  // Choice 0 is the newest value. Then, for a weak one, failing for no reason. Then failing over an older
  // value: only success has to see the newest.
  const int spurious = strength == Strength::weak && matches && me().fails_left > 0 ? 1 : 0;
  int stale = 0;
  if (contended && me().stale_left > 0) {
    for (int age = 1, n = visible(cell); age < n; ++age) stale += value_of_age(cell, age) != expected ? 1 : 0;
  }
  const int taken = choices_->choose(std::min(1 + spurious + stale, Choices::kMaxOptions));

  if (taken == 0 && matches) {
    if (contended) {
      (void)read_entry(cell, 0, success);
      push(cell, desired, success, cell.newest);
      order_after(cell, success);
    } else {
      *cell.value = desired;
      tick();
    }
    if (trace_->is_on()) say_access("cas", location, desired, success, "", where);
    return {true, expected};
  }

  int age = 0;
  if (taken == 1 && spurious == 1) {
    spend(me().fails_left);
  } else if (taken > 0) {
    spend(me().stale_left);
    for (int left = taken - spurious; left > 0; left -= value_of_age(cell, age) != expected ? 1 : 0) ++age;
  }
  std::uint64_t seen = *cell.value;
  if (contended) {
    order_before(cell, failure);
    seen = read_entry(cell, age, failure);
    order_after(cell, failure);
  }
  if (trace_->is_on()) {
    const char* remark = age > 0 ? "failed, stale" : seen == expected ? "failed for no reason" : "failed";
    say_access("cas", location, seen, failure, remark, where);
  }
  return {false, seen};
}

void WeakMemory::plain_read(Location location, std::size_t count, const std::source_location& where) {
  for (std::size_t i = 0; i < count; ++i) {
    (void)enter(static_cast<Location>(location + i), Access::plain_read, std::memory_order_relaxed, where);
  }
  if (trace_->is_on()) {
    say("read  " + name_of(location) + " and on, " + std::to_string(8 * count) + " bytes", where);
  }
}

void WeakMemory::plain_write(Location location, std::size_t count, const std::source_location& where) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<Location>(location + i);
    if (!enter(at, Access::plain_write, std::memory_order_relaxed, where)) continue;
    Cell& cell = cells_[at];
    // One entry for one thread's consecutive writes: nobody may look in between.
    if (cell.newest != kNone && entries_[cell.newest].is_plain &&
        entries_[cell.newest].writer == scheduler_->current()) {
      continue;
    }
    push(cell, *cell.value, std::memory_order_relaxed, kNone);
    entries_[cell.newest].is_plain = true;
    entries_[cell.newest].view = {};
  }
  if (trace_->is_on()) {
    say("write " + name_of(location) + " and on, " + std::to_string(8 * count) + " bytes", where);
  }
}

// ---- histories ----------------------------------------------------------------------------------------

/// How many stores a load may return. At most as many as a choice may have options.
int WeakMemory::visible(const Cell& cell) noexcept {
  return std::min(1 + cell.newest_timestamp - me().view.seen.at[cell.slot], Choices::kMaxOptions);
}

std::uint64_t WeakMemory::value_of_age(const Cell& cell, int age) const noexcept {
  std::uint32_t entry = cell.newest;
  for (; age > 0 && entry != kNone; --age) entry = entries_[entry].previous;
  if (entry == cell.newest) return *cell.value;
  return entry == kNone ? cell.first_value : entries_[entry].value;
}

std::uint64_t WeakMemory::read_entry(Cell& cell, int age, std::memory_order order) {
  std::uint32_t at = cell.newest;
  for (; age > 0 && at != kNone; --age) at = entries_[at].previous;
  Thread& thread = me();
  if (at == kNone) return cell.newest == kNone ? *cell.value : cell.first_value;
  const Entry& entry = entries_[at];
  thread.view.seen.at[cell.slot] = entry.timestamp;
  if (acquires(order))
    thread.view.join(entry.view, lanes_);
  else
    thread.acquirable.join(entry.view, lanes_);
  return at == cell.newest ? *cell.value : entry.value;
}

/// Appends a store. `carries_on`: the entry that a read-modify-write read, whose release sequence it
/// continues.
void WeakMemory::push(Cell& cell, std::uint64_t value, std::memory_order order, std::uint32_t carries_on) {
  if (cell.newest == kNone)
    cell.first_value = *cell.value;
  else if (entries_[cell.newest].is_plain)
    entries_[cell.newest].value = *cell.value;
  *cell.value = value;

  Thread& thread = me();
  const auto timestamp = static_cast<std::uint16_t>(cell.newest_timestamp + 1);
  thread.view.seen.at[cell.slot] = timestamp;
  entries_.emplace_back();
  Entry& entry = entries_.back();
  entry.value = value;
  entry.previous = cell.newest;
  entry.timestamp = timestamp;
  entry.writer = static_cast<std::int8_t>(scheduler_->current());
  entry.is_plain = false;
  entry.view = releases(order) ? thread.view : thread.released;
  entry.view.seen.at[cell.slot] = timestamp;
  if (carries_on != kNone) entry.view.join(entries_[carries_on].view, lanes_);
  cell.newest = static_cast<std::uint32_t>(entries_.size() - 1);
  cell.newest_timestamp = timestamp;
  tick();  // what follows does not happen before whoever acquires this
  scheduler_->count_store();
}

/// A seq_cst operation sees what seq_cst operations on its location, and full fences, saw before it.
void WeakMemory::order_before(Cell& cell, std::memory_order order) noexcept {
  if (order != std::memory_order_seq_cst) return;
  std::uint16_t& seen = me().view.seen.at[cell.slot];
  seen = std::max(seen, full_fences_.at[cell.slot]);
}
void WeakMemory::order_after(Cell& cell, std::memory_order order) noexcept {
  if (order != std::memory_order_seq_cst) return;
  std::uint16_t& fenced = full_fences_.at[cell.slot];
  fenced = std::max(fenced, me().view.seen.at[cell.slot]);
}

// ---- words --------------------------------------------------------------------------------------------

std::string WeakMemory::name_of(Location location) const {
  const std::uint64_t* cell = cells_[location].value;
  for (const Name& name : names_) {
    if (cell < name.first || cell >= name.first + name.cells) continue;
    if (name.cells == 1) return name.name;
    return name.name + '[' + std::to_string(8 * (cell - name.first)) + ']';
  }
  return '#' + std::to_string(location);
}

void WeakMemory::say(const std::string& what, const std::source_location& where) {
  trace_->add(scheduler_->current_name(), what, where);
}

void WeakMemory::say_access(const char* what, Location location, std::uint64_t value, std::memory_order order,
                            const char* remark, const std::source_location& where) {
  std::string text = what;
  text.append(text.size() < 6 ? 6 - text.size() : 1, ' ');
  text += name_of(location) + " = " + show_value(value) + ' ' + std::string(to_string(order));
  if (*remark != '\0') text += std::string(" (") + remark + ')';
  say(text, where);
}

}  // namespace sluice::model

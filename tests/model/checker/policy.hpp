#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <source_location>
#include <string_view>
#include <type_traits>

#include "model/checker/execution.hpp"

/// The model's side of the log's `Policy` parameter (production's is `log::Machine`). Each operation takes a
/// trailing source location that nobody passes: that is how the checker knows which line of the shipped
/// headers it executes.
namespace sluice::model {

using Where = std::source_location;

/// `std::atomic<T>` as the log uses it. Constructed while a scenario is built, never while its threads run.
template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

 public:
  Atomic() : Atomic(T{}) {}
  explicit(false) Atomic(T value) : cell_(bits(value)), location_(memory().add(&cell_)) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  [[nodiscard]] T load(std::memory_order order = std::memory_order_seq_cst,
                       Where where = Where::current()) const {
    if (!is_running()) return value(cell_);
    return value(memory().load(location_, order, where));
  }
  void store(T next, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    if (is_running())
      memory().store(location_, bits(next), order, where);
    else
      cell_ = bits(next);
  }
  T exchange(T next, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    return modify([next](T) { return next; }, order, where);
  }
  T fetch_add(T by, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    return modify([by](T old) { return static_cast<T>(old + by); }, order, where);
  }
  T fetch_sub(T by, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    return modify([by](T old) { return static_cast<T>(old - by); }, order, where);
  }
  T fetch_or(T by, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    return modify([by](T old) { return static_cast<T>(old | by); }, order, where);
  }
  T fetch_and(T by, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) {
    return modify([by](T old) { return static_cast<T>(old & by); }, order, where);
  }

  bool compare_exchange_strong(T& expected, T next, std::memory_order success, std::memory_order failure,
                               Where where = Where::current()) {
    return compare_exchange(expected, next, success, failure, WeakMemory::Strength::strong, where);
  }
  bool compare_exchange_weak(T& expected, T next, std::memory_order success, std::memory_order failure,
                             Where where = Where::current()) {
    return compare_exchange(expected, next, success, failure, WeakMemory::Strength::weak, where);
  }
  bool compare_exchange_strong(T& expected, T next, std::memory_order order = std::memory_order_seq_cst,
                               Where where = Where::current()) {
    return compare_exchange_strong(expected, next, order, on_failure(order), where);
  }
  bool compare_exchange_weak(T& expected, T next, std::memory_order order = std::memory_order_seq_cst,
                             Where where = Where::current()) {
    return compare_exchange_weak(expected, next, order, on_failure(order), where);
  }

  void name(std::string_view name) const { memory().name(&cell_, 1, name); }
  [[nodiscard]] WeakMemory::Location location() const noexcept { return location_; }

 private:
  static std::uint64_t bits(T value) noexcept {
    std::uint64_t all = 0;
    std::memcpy(&all, &value, sizeof value);
    return all;
  }
  static T value(std::uint64_t all) noexcept {
    T value;
    std::memcpy(&value, &all, sizeof value);
    return value;
  }
  static WeakMemory& memory() noexcept { return Execution::current().memory; }
  static bool is_running() noexcept { return Execution::current().is_running(); }
  static constexpr std::memory_order on_failure(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    return order == std::memory_order_release ? std::memory_order_relaxed : order;
  }

  template <class Change>
  T modify(Change change, std::memory_order order, const Where& where) {
    if (!is_running()) {
      const T old = value(cell_);
      cell_ = bits(change(old));
      return old;
    }
    const T old = value(memory().rmw_read(location_, order, where));
    memory().rmw_write(location_, bits(change(old)), order, where);
    return old;
  }

  bool compare_exchange(T& expected, T next, std::memory_order success, std::memory_order failure,
                        WeakMemory::Strength strength, const Where& where) {
    if (!is_running()) {
      const bool equal = cell_ == bits(expected);
      if (equal)
        cell_ = bits(next);
      else
        expected = value(cell_);
      return equal;
    }
    const auto result =
        memory().compare_exchange(location_, bits(expected), bits(next), success, failure, strength, where);
    expected = value(result.seen);
    return result.done;
  }

  std::uint64_t cell_;
  WeakMemory::Location location_;
};

/// The bytes of a ring: zeroed, owned by the scenario, watched word by word.
class RingBytes {
 public:
  explicit RingBytes(std::size_t bytes, std::string_view name = "ring")
      : words_(std::make_unique<std::uint64_t[]>(bytes / 8)),
        first_(Execution::current().memory.add_with_plain_access(words_.get(), bytes / 8)) {
    Execution::current().memory.name(words_.get(), bytes / 8, name);
  }

 private:
  friend struct Policy;
  std::unique_ptr<std::uint64_t[]> words_;
  WeakMemory::Location first_;
};

/// A plain variable, watched for races: what the atomics of a litmus test protect.
template <class T>
class Var {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

 public:
  explicit(false) Var(T value = T{}) : value_(value) {
    location_ = Execution::current().memory.add_with_plain_access(&cell_, 1);
  }
  Var(const Var&) = delete;
  Var& operator=(const Var&) = delete;

  [[nodiscard]] T get(Where where = Where::current()) const {
    Execution& execution = Execution::current();
    if (execution.is_running()) execution.memory.plain_read(location_, 1, where);
    return value_;
  }
  void set(T value, Where where = Where::current()) {
    Execution& execution = Execution::current();
    if (execution.is_running()) execution.memory.plain_write(location_, 1, where);
    value_ = value;
  }
  void name(std::string_view name) const { Execution::current().memory.name(&cell_, 1, name); }

 private:
  T value_;
  std::uint64_t cell_ = 0;
  WeakMemory::Location location_;
};

struct Policy {
  template <class T>
  using Atomic = model::Atomic<T>;

  /// As `log::Machine::Memory`. `writable` and `readable` count as the access itself, at the moment of the
  /// call: what the caller does with the pointer later must be on the same side of every store and fence.
  class Memory {
   public:
    Memory() = default;
    explicit Memory(RingBytes& bytes) noexcept : words_(bytes.words_.get()), first_(bytes.first_) {}

    [[nodiscard]] std::uint64_t load_word(std::uint64_t offset, std::memory_order order,
                                          Where where = Where::current()) const {
      if (!is_running()) return words_[offset / 8];
      return memory().load(at(offset), order, where);
    }
    void store_word(std::uint64_t offset, std::uint64_t value, std::memory_order order,
                    Where where = Where::current()) {
      if (is_running())
        memory().store(at(offset), value, order, where);
      else
        words_[offset / 8] = value;
    }
    [[nodiscard]] std::byte* writable(std::uint64_t offset, std::size_t bytes,
                                      Where where = Where::current()) {
      if (is_running() && bytes != 0) memory().plain_write(at(offset), words(offset, bytes), where);
      return base() + offset;
    }
    [[nodiscard]] const std::byte* readable(std::uint64_t offset, std::size_t bytes,
                                            Where where = Where::current()) const {
      if (is_running() && bytes != 0) memory().plain_read(at(offset), words(offset, bytes), where);
      return base() + offset;
    }

   private:
    static WeakMemory& memory() noexcept { return Execution::current().memory; }
    static bool is_running() noexcept { return Execution::current().is_running(); }
    [[nodiscard]] std::byte* base() const noexcept { return reinterpret_cast<std::byte*>(words_); }
    [[nodiscard]] WeakMemory::Location at(std::uint64_t offset) const noexcept {
      return static_cast<WeakMemory::Location>(first_ + offset / 8);
    }
    static std::size_t words(std::uint64_t offset, std::size_t bytes) noexcept {
      return (offset + bytes - 1) / 8 - offset / 8 + 1;
    }

    std::uint64_t* words_ = nullptr;
    WeakMemory::Location first_ = 0;
  };

  static void full_fence(Where where = Where::current()) {
    if (auto* memory = running()) memory->full_fence(where);
  }
  static void release_fence(Where where = Where::current()) {
    if (auto* memory = running()) memory->release_fence(where);
  }
  static void light_fence(Where where = Where::current()) {
    if (auto* memory = running()) memory->light_fence(where);
  }
  static void heavy_fence(Where where = Where::current()) {
    if (auto* memory = running()) memory->heavy_fence(where);
  }
  /// Not part of production's policy: for litmus tests.
  static void acquire_fence(Where where = Where::current()) {
    if (auto* memory = running()) memory->acquire_fence(where);
  }

  static void relax(Where where = Where::current()) {
    if (auto* memory = running()) memory->pause(where);
  }
  static void yield(Where where = Where::current()) {
    if (auto* memory = running()) memory->pause(where);
  }

  /// Timeouts never fire: what must happen has to happen without one. Only a zero timeout returns at once.
  static void futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected,
                         std::chrono::nanoseconds timeout, Where where = Where::current()) {
    auto* memory = running();
    if (memory != nullptr && timeout.count() != 0) memory->futex_wait(word.location(), expected, where);
  }
  static void futex_wake_all(Atomic<std::uint32_t>& word, Where where = Where::current()) {
    if (auto* memory = running()) memory->futex_wake_all(word.location(), where);
  }
  /// Descriptors are small numbers; `await_signal` is a thread that polls one.
  static void signal(int event_fd, Where where = Where::current()) {
    if (auto* memory = running()) memory->signal(event_fd, where);
  }
  static void await_signal(int event_fd, Where where = Where::current()) {
    if (auto* memory = running()) memory->await_signal(event_fd, where);
  }

 private:
  static WeakMemory* running() noexcept {
    Execution& execution = Execution::current();
    return execution.is_running() ? &execution.memory : nullptr;
  }
};

}  // namespace sluice::model

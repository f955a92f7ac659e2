#pragma once

#include <array>
#include <atomic>
#include <compare>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

enum class Operation : std::uint8_t {
  load,
  store,
  rmw,
  cas_success,
  cas_failure,
  full_fence,
  acquire_fence,
  release_fence,
  light_fence,
  heavy_fence,
};

[[nodiscard]] std::string_view to_string(Operation operation) noexcept;
[[nodiscard]] std::string_view to_string(std::memory_order order) noexcept;

/// One ordering in the source: a place where an operation asks for more than relaxed. What a driver of
/// mutants enumerates.
struct Site {
  std::string file;  ///< as included: "sluice/log/ring.hpp"
  std::uint32_t line = 0;
  Operation operation = Operation::load;
  std::memory_order order =
      std::memory_order_relaxed;  ///< what the source asks for; of no meaning for fences
  std::uint64_t hits = 0;

  /// "sluice/log/ring.hpp:134:store", the form that `Mutation::at` takes.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool is_fence() const noexcept { return operation >= Operation::full_fence; }
};

/// A change to the program under test, made while it runs: an operation gets another order, a fence is left
/// out.
struct Mutation {
  /// "ring.hpp:134" for everything on that line, or "ring.hpp:134:cas_failure" for one operation of it. The
  /// file may be given with as many of its directories as are needed to tell it from others.
  std::string at;
  /// What an operation asks for instead. A fence is left out, whatever is said here.
  std::memory_order to = std::memory_order_relaxed;
};

/// Where in a file, without its directories: for traces and messages.
[[nodiscard]] std::string short_place(const std::source_location& where);

/// Every site that a run came through, and what the mutations make of it. The look-up is on the path of every
/// single operation, so it is a small open-addressed table.
class Sites {
 public:
  /// Keeps what was recorded.
  void mutate(std::vector<Mutation> mutations);

  /// The order that an operation is to be run with.
  std::memory_order order_at(const std::source_location& where, Operation operation,
                             std::memory_order asked) {
    if (asked == std::memory_order_relaxed) return asked;
    return at(where, operation, asked).effective;
  }
  /// Whether a fence stands where the source has one.
  bool fence_stands(const std::source_location& where, Operation operation) {
    return !at(where, operation, std::memory_order_seq_cst).removed;
  }

  /// In order of file and line.
  [[nodiscard]] std::vector<Site> list() const;
  /// Mutations that no operation met: a typing error, or a test that never gets there.
  [[nodiscard]] std::vector<std::string> unmet_mutations() const;

 private:
  struct Slot {
    const char* file = nullptr;
    std::uint32_t line = 0;
    Operation operation = Operation::load;
    std::memory_order asked = std::memory_order_relaxed;
    std::memory_order effective = std::memory_order_relaxed;
    bool removed = false;
    std::uint64_t hits = 0;
  };
  static constexpr std::size_t kSlots = 1024;

  Slot& at(const std::source_location& where, Operation operation, std::memory_order asked) {
    std::size_t index = (reinterpret_cast<std::uintptr_t>(where.file_name()) * 31 + where.line() * 16 +
                         static_cast<std::size_t>(operation)) %
                        kSlots;
    for (;; index = (index + 1) % kSlots) {
      Slot& slot = slots_[index];
      if (slot.file == where.file_name() && slot.line == where.line() && slot.operation == operation) {
        ++slot.hits;
        return slot;
      }
      if (slot.file == nullptr) return fill(slot, where, operation, asked);
    }
  }
  Slot& fill(Slot& slot, const std::source_location& where, Operation operation, std::memory_order asked);
  void apply_mutations(Slot& slot);

  std::array<Slot, kSlots> slots_{};
  std::size_t used_ = 0;
  std::vector<Mutation> mutations_;
  std::vector<bool> met_;
};

}  // namespace sluice::model

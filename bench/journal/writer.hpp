#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sluice/base/result.hpp"

/// What keeps events in files: the journal, or what one would use in its place.
namespace sluice::bench {

/// What is kept: 128 bytes, with their number in front.
struct Order {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 15> body{};
};
static_assert(sizeof(Order) == 128);

/// How many events the peers that have transactions put into one.
inline constexpr std::uint64_t kPerTransaction = 1'000;

/// One way to keep events, opened on an empty directory.
class Writer {
 public:
  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  /// Keeps `count` events, numbered from `first`; returns when all of them are with the operating system, so
  /// that the process's death would not lose them. No sync of the disk.
  virtual void write(std::uint64_t first, std::uint64_t count) = 0;
};

/// Somebody who keeps events.
struct Keeper {
  std::string name;
  std::function<std::unique_ptr<Writer>(const std::string& directory)> open;
};

/// A call that must not fail did.
class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[nodiscard]] std::vector<Keeper> journal_keepers();
[[nodiscard]] std::vector<Keeper> file_keepers();
[[nodiscard]] std::vector<Keeper> sqlite_keepers();
[[nodiscard]] std::vector<Keeper> lmdb_keepers();
[[nodiscard]] std::vector<Keeper> rocksdb_keepers();

}  // namespace sluice::bench

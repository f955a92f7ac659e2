#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "journal/figures.hpp"
#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

std::vector<Keeper> all_keepers() {
  std::vector<Keeper> all;
  const auto add = [&](std::vector<Keeper> more) {
    for (Keeper& keeper : more) all.push_back(std::move(keeper));
  };
  add(journal_keepers());
  add(file_keepers());
#ifdef SLUICE_BENCH_SQLITE
  add(sqlite_keepers());
#endif
#ifdef SLUICE_BENCH_LMDB
  add(lmdb_keepers());
#endif
#ifdef SLUICE_BENCH_ROCKSDB
  add(rocksdb_keepers());
#endif
  return all;
}

/// Has the memory at hand that the measurement's files will take: on a virtual machine, memory that nobody
/// has used for some seconds is fetched from the host first, and whoever comes behind a slow one would pay
/// for it.
void have_memory(const std::string& directory, std::uint64_t bytes) {
  std::ofstream file(directory + "/memory", std::ios::binary);
  const std::vector<char> zeros(1 << 20);
  for (std::uint64_t at = 0; at < bytes; at += zeros.size()) file.write(zeros.data(), 1 << 20);
  file.close();
  std::filesystem::remove(directory + "/memory");
}

}  // namespace

void measure_sustained(const Effort& effort, std::vector<Figure>& figures) {
  const std::vector<Keeper> keepers = all_keepers();
  const std::size_t first = figures.size();
  for (const Keeper& keeper : keepers) figures.push_back({"sustained", keeper.name, "M/s", {}});
  for (std::size_t repetition = 0; repetition < effort.repetitions; ++repetition) {
    for (std::size_t turn = 0; turn < keepers.size(); ++turn) {
      const std::size_t i = (turn + repetition) % keepers.size();
      const Workplace workplace(effort.directory);
      have_memory(workplace.path(), 2 * sizeof(Order) * effort.events);
      const auto writer = keepers[i].open(workplace.path());
      writer->write(0, kPerTransaction);  // what happens once has happened
      const auto began = std::chrono::steady_clock::now();
      writer->write(kPerTransaction, effort.events);
      const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
      figures[first + i].readings.push_back(static_cast<double>(effort.events) / took.count());
    }
  }
}

}  // namespace sluice::bench

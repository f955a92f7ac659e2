#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

/// One figure of one contestant, in each repetition.
struct Figure {
  std::string what;  ///< the measurement: `sustained`
  std::string who;
  std::string unit;
  std::vector<double> readings;

  [[nodiscard]] double median() const;
};

/// How much is measured.
struct Effort {
  std::size_t repetitions = 5;
  std::uint64_t events = 1'000'000;                        ///< of a sustained measurement
  std::uint64_t publishes = 200'000;                       ///< of a latency measurement
  std::uint64_t commits = 300;                             ///< of a group commit measurement
  std::uint64_t recovered_bytes = std::uint64_t{1} << 30;  ///< that a dead process left unsynced
  std::string directory;                                   ///< on the disk that is measured
};

/// A directory of its own under another one, removed with what is in it.
class Workplace {
 public:
  explicit Workplace(const std::string& parent);
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// One file each. Contestants take turns, so that what the machine does meanwhile meets all of them alike.
/// Million events of 128 bytes a second, until all are with the operating system.
void measure_sustained(const Effort& effort, std::vector<Figure>& figures);
/// What a publish takes at a million a second, in ns: p50 and p99, without a journal and with one.
void measure_publish(const Effort& effort, std::vector<Figure>& figures);
/// Durable publishes a second with 1, 8 and 64 threads that wait, and of one fdatasync for each.
void measure_group_commit(const Effort& effort, std::vector<Figure>& figures);

/// Opening a journal that a process left which died with so many bytes unsynced.
void measure_recovery(const Effort& effort, std::vector<Figure>& figures);

}  // namespace sluice::bench

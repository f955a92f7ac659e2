#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/bus/persistence.hpp"
#include "sluice/log/machine.hpp"

#include "journal/file_system.hpp"

namespace sluice::detail {

/// Where a named reader is, by name and shard.
struct KeptCursor {
  std::uint64_t position = 0;
  CursorRetention retention = CursorRetention::gap;

  friend bool operator==(const KeptCursor&, const KeptCursor&) = default;
};
using Cursors = std::map<std::pair<std::string, std::uint32_t>, KeptCursor>;

/// What a control log says: topics in the order of their ids, and the places of named readers.
struct ControlState {
  std::vector<TopicDefinition> topics{};
  Cursors cursors{};
};

/// The name of a control log that is made for a manifest of that generation: no two are the same.
[[nodiscard]] std::string control_name(std::uint64_t generation);

/// The journal's small facts, appended one by one: topic definitions and durable cursors. Each run begins a
/// new file with what is still true, so that it stays small.
///
/// Frames of a length, a checksum over kind, body and offset, a kind and a body; see FORMAT.md.
///
/// **Thread safety.** One thread at a time, but for `sync` and `written`, which any thread may call.
class ControlLog {
 public:
  /// What reading one came to.
  struct Opened;

  /// A new file that begins with `state`, all of it synced (its directory is the caller's to sync).
  [[nodiscard]] static Result<std::unique_ptr<ControlLog>> create(FileSystem& files, const std::string& path,
                                                                  const EventId& journal,
                                                                  const ControlState& state);
  /// Reads a file. Frames behind `synced_bytes` (at least what `create` synced) may be torn: the first bad
  /// one ends the log, and what is cut is counted. A bad frame before is `corrupt`, with path and offset. A
  /// topic's id that is not the next one, a body that says nonsense: `corrupt` too.
  [[nodiscard]] static Result<Opened> read(FileSystem& files, const std::string& path, const EventId& journal,
                                           std::uint64_t synced_bytes);

  /// Appends; on an error nothing is added, and the next call writes at the same place.
  [[nodiscard]] Result<void> append(const TopicDefinition& topic);
  [[nodiscard]] Result<void> append_cursor(std::string_view name, std::uint32_t shard,
                                           const KeptCursor& cursor);
  [[nodiscard]] Result<void> append_removal(std::string_view name, std::uint32_t shard);
  /// Everything appended so far survives a loss of power.
  [[nodiscard]] Result<void> sync();
  /// Bytes of whole frames so far, header included.
  [[nodiscard]] std::uint64_t written() const noexcept;
  [[nodiscard]] const std::string& path() const noexcept;

 private:
  ControlLog(std::unique_ptr<File> file, std::uint32_t seed, std::uint64_t written, std::size_t topics);
  template <class Content>
  [[nodiscard]] Result<void> append_frame(const Content& content);

  std::unique_ptr<File> file_;
  std::uint32_t seed_;                  ///< what the frames' checksums begin with
  std::size_t topics_;                  ///< and so the next one's id
  log::Atomic<std::uint64_t> written_;  ///< stored by the thread that appends
};

struct ControlLog::Opened {
  ControlState state;
  std::uint64_t good_bytes = 0;  ///< up to the last whole frame
  std::uint64_t cut_bytes = 0;   ///< behind it, lost with a torn write
};

}  // namespace sluice::detail

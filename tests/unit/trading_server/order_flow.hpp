#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "paths.hpp"
#include "trading_server/lobster.hpp"

namespace trading {

/// Not from `__FILE__`: a compiler's cache that serves several clones makes that a relative path.
inline std::filesystem::path source_tree() {
  return SLUICE_SOURCE_TREE;
}

inline std::filesystem::path sample_file() {
  return source_tree() / "tests" / "unit" / "trading_server" / "data" / "sample_messages.csv";
}

/// Recorded order flow that tests read: the sample beside them, and a real morning where one lies beside the
/// source tree.
inline std::vector<std::filesystem::path> recorded_files() {
  std::vector<std::filesystem::path> files = {sample_file()};
  const auto morning = source_tree() / ".." / "shared" / "data" / "lobster_AAPL_2012-06-21_messages.csv";
  if (std::filesystem::exists(morning)) files.push_back(morning);
  return files;
}

inline std::vector<OrderMessage> messages_of(const std::filesystem::path& file) {
  return read_lobster_file(file.string()).value();
}

// Messages as tests write them, all at midnight.
inline OrderMessage submission(OrderId id, Side side, Price price, std::uint32_t size) {
  return {0, id, price, size, side, MessageType::submission};
}
inline OrderMessage on_order(MessageType type, OrderId id, std::uint32_t size) {
  return {0, id, 1, size, Side::buy, type};
}

}  // namespace trading

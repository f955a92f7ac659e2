#pragma once

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "journal_story.hpp"
#include "unit/journal/faulty_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {

/// A place for a journal whose calls of the file system a test makes fail, and what is published there.
struct OnFaultyDisk : testing::Test {
  TemporaryDirectory directory{TemporaryDirectory::fast_parent()};
  std::string root = made(directory.file("root"));
  std::string rings = made(directory.file("rings"));
  FaultyFileSystem files{detail::posix_file_system(), root};
  Log log = Log(kShards);
  std::uint64_t number = 0;

  static Bus open(const std::shared_ptr<Journal>& journal,
                  std::chrono::nanoseconds publish_deadline = std::chrono::seconds(60)) {
    BusOptions options = small_bus(journal);
    options.publish_deadline = publish_deadline;
    return Bus::open(std::move(options)).value();
  }
  Result<EventId> publish(Narrator& narrator) { return narrator.publish(number++, 5, log); }
};

}  // namespace sluice::test

// Any bytes as a control log. The first byte's lowest bit asks for checksums that fit; two bytes say how much
// of the file was synced; the file is the rest.
#include <string>

#include "fuzz/bounded_file_system.hpp"
#include "fuzz/finding.hpp"
#include "fuzz/input.hpp"
#include "fuzz/journal_image.hpp"
#include "fuzz/repair.hpp"
#include "journal/control_log.hpp"

namespace {

using namespace sluice;

/// What was read can be written, and is then read again.
void check_again(const detail::ControlState& state, detail::FileSystem& files) {
  const std::string path = "journal/again.log";
  const auto created = detail::ControlLog::create(files, path, fuzz::journal_id(), state);
  fuzz::require(created.has_value(), "what was read can't be written");
  const auto again = detail::ControlLog::read(files, path, fuzz::journal_id(), (*created)->written());
  fuzz::require(again.has_value(), "what was written can't be read");
  fuzz::require(again->cut_bytes == 0 && again->state.cursors == state.cursors &&
                    again->state.topics.size() == state.topics.size(),
                "what was written is not what is read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::TimeLimit limit;
  fuzz::Input input(data, size);
  const bool repaired = (input.number(1) & 1U) != 0;
  const std::uint64_t synced_bytes = input.number(2);
  const auto rest = input.rest();
  detail::MemoryFileSystem memory;
  fuzz::BoundedFileSystem files(memory);
  const std::string path = "journal/" + std::string(fuzz::kControlName);
  fuzz::Bytes& file = memory.at(path);
  file.assign(rest.begin(), rest.end());
  if (repaired) fuzz::repair_control_log(file, fuzz::journal_id(), fuzz::kControlName);

  const auto opened = detail::ControlLog::read(files, path, fuzz::journal_id(), synced_bytes);
  if (!opened) {
    const ErrorCode code = opened.error().code;
    fuzz::require(code == ErrorCode::corrupt || code == ErrorCode::newer_format, opened.error().to_string());
    fuzz::require(opened.error().message.find(path) != std::string::npos,
                  "the error does not name the file: " + opened.error().to_string());
    return 0;
  }
  fuzz::require(opened->good_bytes + opened->cut_bytes == file.size(),
                "bytes that were neither read nor cut");
  for (std::size_t id = 0; id < opened->state.topics.size(); ++id) {
    fuzz::require(opened->state.topics[id].id == id, "a topic with another's id");
  }
  check_again(opened->state, files);
  return 0;
}

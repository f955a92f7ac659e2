// Any text as a manifest. The first byte's lowest bit asks for a checksum that fits; the text is the rest.
#include <string>
#include <string_view>

#include "fuzz/finding.hpp"
#include "fuzz/input.hpp"
#include "fuzz/repair.hpp"
#include "journal/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const fuzz::TimeLimit limit;
  fuzz::Input input(data, size);
  const bool repaired = (input.number(1) & 1U) != 0;
  const auto rest = input.rest();
  fuzz::Bytes bytes(rest.begin(), rest.end());
  if (repaired) fuzz::repair_manifest(bytes);
  // Of exactly its size, so that a look behind its end is found.
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  const auto parsed = detail::parse_manifest(text, "MANIFEST");
  if (!parsed) {
    const ErrorCode code = parsed.error().code;
    fuzz::require(code == ErrorCode::corrupt || code == ErrorCode::newer_format, parsed.error().to_string());
    fuzz::require(parsed.error().message.find("MANIFEST") != std::string::npos,
                  "the error does not name the file: " + parsed.error().to_string());
    return 0;
  }
  fuzz::require(detail::to_text(*parsed) == text, "there is a second way to write a manifest");
  return 0;
}

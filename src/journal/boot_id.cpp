#include "journal/boot_id.hpp"

#include <fstream>

namespace sluice::detail {

const std::array<char, 36>& boot_id() noexcept {
  static const std::array<char, 36> id = [] {
    std::array<char, 36> text{};
    std::ifstream("/proc/sys/kernel/random/boot_id").read(text.data(), text.size());
    return text;
  }();
  return id;
}

}  // namespace sluice::detail

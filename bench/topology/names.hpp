#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

/// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string>& names);

/// The name among `known` that `given` was most likely meant to be; empty if none is near.
[[nodiscard]] std::string nearest(std::string_view given, const std::vector<std::string>& known);

/// "; did you mean X?", or nothing.
[[nodiscard]] std::string suggestion(std::string_view given, const std::vector<std::string>& known);

}  // namespace sluice::bench

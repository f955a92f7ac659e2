#include "model/checker/trace.hpp"

#include <cstdio>

#include "model/checker/site.hpp"

namespace sluice::model {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

void Trace::add(const std::string& thread, const std::string& what, const std::source_location& where) {
  lines_.push_back(padded(thread, 12) + ' ' + padded(what, 56) + ' ' + short_place(where));
}

std::string Trace::text() const {
  std::string text;
  std::size_t first = 0;
  if (lines_.size() > kShown) {
    first = lines_.size() - kShown;
    text = "  ... " + std::to_string(first) + " earlier operations\n";
  }
  for (std::size_t i = first; i < lines_.size(); ++i) text += "  " + lines_[i] + '\n';
  return text;
}

std::string show_value(std::uint64_t value) {
  if (value == ~std::uint64_t{0}) return "none";
  if (value < 100'000) return std::to_string(value);
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace sluice::model

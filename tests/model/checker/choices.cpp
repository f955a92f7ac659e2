#include "model/checker/choices.hpp"

#include <array>
#include <charconv>

namespace sluice::model {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

}  // namespace

Choices Choices::random(std::uint64_t seed) {
  Choices choices;
  choices.mode_ = Mode::random;
  choices.is_free_ = true;
  choices.random_ = seed * 0x9e37'79b9'7f4a'7c15 + 1;
  choices.seed_schedule();
  return choices;
}

Choices Choices::replay(std::string_view text) {
  Choices choices;
  choices.mode_ = Mode::replay;
  if (text.starts_with('~')) {
    choices.is_free_ = true;
    text.remove_prefix(1);
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t zeros = 0;
    if (text[at] == '(') {
      const std::size_t close = text.find(')', at);
      if (close == std::string_view::npos) break;
      std::from_chars(text.data() + at + 1, text.data() + close, zeros);
      at = close;
      choices.path_.insert(choices.path_.end(), zeros, Choice{0, 0});
    } else {
      const std::size_t digit = kDigits.find(text[at]);
      if (digit == std::string_view::npos) break;
      choices.path_.push_back({static_cast<std::uint8_t>(digit), 0});
    }
  }
  return choices;
}

bool Choices::next() {
  position_ = 0;
  is_settled_ = false;
  switch (mode_) {
    case Mode::replay:
      return false;
    case Mode::random:
      path_.clear();
      seed_schedule();
      return true;
    case Mode::exhaustive:
      break;
  }
  while (!path_.empty() && path_.back().taken + 1 >= path_.back().options) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

std::string Choices::to_string() const {
  std::string text = is_free_ ? "~" : "";
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < position_ && i < path_.size(); ++i) {
    if (path_[i].taken == 0) {
      ++zeros;
      continue;
    }
    if (zeros > 3)
      text += '(' + std::to_string(zeros) + ')';
    else
      text.append(zeros, '0');
    zeros = 0;
    text += kDigits[path_[i].taken];
  }
  return text;
}

std::uint64_t Choices::fingerprint() const noexcept {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (std::size_t i = 0; i < position_ && i < path_.size(); ++i) {
    hash = (hash ^ (path_[i].taken + std::uint64_t{1})) * 0x100'0000'01b3;
  }
  return hash;
}

int Choices::choose_anew(int options) {
  int taken = 0;
  if (mode_ == Mode::random && (draw() >> 20) % 16 >= plain_out_of_16_) {
    taken = 1 + static_cast<int>((draw() >> 20) % static_cast<std::uint64_t>(options - 1));
  }
  path_.push_back({static_cast<std::uint8_t>(taken), static_cast<std::uint8_t>(options)});
  ++position_;
  return taken;
}

/// Some bugs want many switches, others one thread that is left alone for long: each schedule has its own
/// mood.
void Choices::seed_schedule() {
  static constexpr std::array<std::uint64_t, 4> kMoods{8, 12, 14, 15};
  plain_out_of_16_ = kMoods[(draw() >> 20) % kMoods.size()];
}

std::uint64_t Choices::draw() noexcept {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ * 0x2545'f491'4f6c'dd1d;
}

}  // namespace sluice::model

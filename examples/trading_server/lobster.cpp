#include "lobster.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

namespace trading {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kFields = 6;
constexpr std::array<std::string_view, kFields> kFieldNames = {"time", "type",  "order_id",
                                                               "size", "price", "direction"};

/// A field that could not be read, and what should have stood there.
struct Refusal {
  std::size_t field;
  std::string_view expected;
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = whole_number(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return !text.empty();
}

/// Seconds with a fraction, digit by digit: a double would round 34200.004241176 to another nanosecond.
std::optional<std::int64_t> nanoseconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  if (!all_digits(whole)) return std::nullopt;
  const auto seconds = whole_number(whole, 0, kSecondsPerDay - 1);
  if (!seconds) return std::nullopt;
  if (dot == std::string_view::npos) return *seconds * kNanosecondsPerSecond;

  const std::string_view fraction = text.substr(dot + 1);
  if (!all_digits(fraction) || fraction.size() > 9) return std::nullopt;
  std::int64_t decimals = 0;
  for (std::size_t digit = 0; digit < 9; ++digit) {
    decimals = decimals * 10 + (digit < fraction.size() ? fraction[digit] - '0' : 0);
  }
  return *seconds * kNanosecondsPerSecond + decimals;
}

/// What the fields of one type of message may hold.
struct Limits {
  std::int64_t least_id;
  std::int64_t least_size;
  std::int64_t least_price;
  std::int64_t most_price;
  std::string_view id;
  std::string_view size;
  std::string_view price;
};

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
/// A hundred million dollars a share: far above any price, and far below what sums could not hold.
constexpr std::int64_t kMostPrice = 1'000'000'000'000;
constexpr std::string_view kShares = "1 to 4294967295 shares";
constexpr std::string_view kDollars =
    "a price in 1/10,000 dollar, 1 to 1000000000000, without a decimal point";

constexpr Limits kVisible = {1, 1, 1, kMostPrice, "an order number, 1 or more", kShares, kDollars};
constexpr Limits kHidden = {-1, 1, 1, kMostPrice, "an order number, 0 or -1 for none", kShares, kDollars};
constexpr Limits kAuction = {
    -1, 0, 0, kMostPrice, "an order number, 0 or -1 for none", "0 to 4294967295 shares", kDollars};
constexpr Limits kHalt = {-1,
                          0,
                          -1,
                          1,
                          "an order number, 0 or -1 for none",
                          "0 to 4294967295 shares",
                          "-1 (trading halts), 0 (quoting resumes) or 1 (trading resumes)"};

const Limits& limits_of(MessageType type) {
  switch (type) {
    case MessageType::hidden_execution:
      return kHidden;
    case MessageType::cross:
      return kAuction;
    case MessageType::halt:
      return kHalt;
    default:
      return kVisible;
  }
}

using Fields = std::array<std::string_view, kFields>;

/// The message, or the field that is wrong.
std::variant<OrderMessage, Refusal> read_fields(const Fields& fields) {
  OrderMessage message;
  const auto time = nanoseconds(fields[0]);
  if (!time) return Refusal{0, "seconds after midnight, 0 to 86399 with up to nine decimals"};
  message.time_ns = *time;

  const auto type = whole_number(fields[1], 1, 7);
  if (!type) {
    return Refusal{
        1,
        "1 (new), 2 (partial cancel), 3 (delete), 4 (execution), 5 (hidden execution), 6 (cross) or "
        "7 (halt)"};
  }
  message.type = static_cast<MessageType>(*type);

  const Limits& limits = limits_of(message.type);
  const auto order_id = whole_number(fields[2], limits.least_id, kMost);
  if (!order_id) return Refusal{2, limits.id};
  message.order_id = *order_id;

  const auto size = whole_number(fields[3], limits.least_size, std::numeric_limits<std::uint32_t>::max());
  if (!size) return Refusal{3, limits.size};
  message.size = static_cast<std::uint32_t>(*size);

  const auto price = whole_number(fields[4], limits.least_price, limits.most_price);
  if (!price) return Refusal{4, limits.price};
  message.price = *price;

  if (fields[5] != "1" && fields[5] != "-1") return Refusal{5, "1 (buy) or -1 (sell)"};
  message.side = fields[5] == "1" ? Side::buy : Side::sell;
  return message;
}

/// Text from a file that may hold anything, made fit for a message: short and printable.
std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > kLongest ? "...\"" : "\"");
}

/// Walks a text line by line, and says where it stands.
class LobsterReader {
 public:
  LobsterReader(std::string_view text, std::string_view file_name) : rest_(text), file_name_(file_name) {}

  sluice::Result<std::vector<OrderMessage>> read_all() {
    std::vector<OrderMessage> messages;
    // Two thirds of what real lines take, so that the vector grows seldom.
    messages.reserve(rest_.size() / 32 + 1);
    while (!rest_.empty()) {
      auto message = read_line(next_line());
      if (!message) return std::move(message).error();
      if (!messages.empty() && message->time_ns < messages.back().time_ns) return out_of_order();
      messages.push_back(*message);
    }
    if (messages.empty()) {
      return sluice::Error{sluice::ErrorCode::invalid_option,
                           std::string(file_name_) +
                               ": the file is empty; expected at least one line "
                               "\"time,type,order_id,size,price,direction\""};
    }
    return messages;
  }

 private:
  std::string_view next_line() {
    const std::size_t end = rest_.find('\n');
    line_ = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    ++line_number_;
    if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
    return line_;
  }

  sluice::Result<OrderMessage> read_line(std::string_view line) const {
    if (line.empty()) return error_at(1, "the line is empty; remove it, or put a message there");
    Fields fields;
    std::size_t count = 0;
    for (std::size_t begin = 0; begin <= line.size(); ++count) {
      const std::size_t end = std::min(line.find(',', begin), line.size());
      if (count < kFields) fields[count] = line.substr(begin, end - begin);
      begin = end + 1;
    }
    if (count != kFields) {
      return error_at(1, "the line has " + std::to_string(count) + (count == 1 ? " field" : " fields") +
                             "; expected 6: time,type,order_id,size,price,direction");
    }
    const auto message = read_fields(fields);
    if (const auto* refusal = std::get_if<Refusal>(&message)) return refused(fields, *refusal);
    return std::get<OrderMessage>(message);
  }

  sluice::Error refused(const Fields& fields, const Refusal& refusal) const {
    const std::string_view field = fields[refusal.field];
    const auto column = static_cast<std::size_t>(field.data() - line_.data()) + 1;
    return error_at(column, std::string(kFieldNames[refusal.field]) + " is " + quoted(field) + "; expected " +
                                std::string(refusal.expected));
  }

  sluice::Error out_of_order() const {
    return error_at(1, "time is " + quoted(line_.substr(0, line_.find(','))) +
                           ", earlier than the line before; expected messages in the order of time");
  }

  sluice::Error error_at(std::size_t column, const std::string& what) const {
    return {sluice::ErrorCode::invalid_option, std::string(file_name_) + ":" + std::to_string(line_number_) +
                                                   ":" + std::to_string(column) + ": " + what};
  }

  std::string_view rest_;
  std::string_view line_;
  std::string_view file_name_;
  std::size_t line_number_ = 0;
};

sluice::Error unreadable(const std::string& path, int error) {
  return {sluice::ErrorCode::system_error, "can't read " + path + ": " +
                                               std::generic_category().message(error) +
                                               "; give --input a file of LOBSTER messages"};
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

sluice::Result<std::vector<OrderMessage>> parse_lobster(std::string_view text, std::string_view file_name) {
  return LobsterReader(text, file_name).read_all();
}

sluice::Result<std::vector<OrderMessage>> read_lobster_file(const std::string& path) {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return unreadable(path, errno);
  std::string text;
  std::array<char, 65'536> buffer;
  // Read until nothing is left rather than ask for a size: a pipe has none.
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), count);
  }
  if (std::ferror(file.get()) != 0) return unreadable(path, errno);
  return parse_lobster(text, path);
}

}  // namespace trading

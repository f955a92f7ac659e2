#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trading {

/// Writes one JSON object, a member a call, in the order of the calls. Just enough for the report, so that
/// the example needs no library; what it can't express can't be asked of it. Objects and arrays that were
/// begun are to be ended in reverse order.
class JsonWriter {
 public:
  JsonWriter() { open('{'); }

  // Members of an object.
  void member(std::string_view key, std::uint64_t value) { name(key), text_ += std::to_string(value); }
  void member(std::string_view key, std::optional<std::int64_t> value);  ///< nothing is `null`
  void member(std::string_view key, double value, int decimals);
  void member(std::string_view key, std::string_view value) { name(key), quote(value); }
  /// A text literal would rather become a bool than a view.
  void member(std::string_view key, const char* value) { member(key, std::string_view(value)); }
  void member(std::string_view key, bool value) { name(key), text_ += value ? "true" : "false"; }
  void begin_object(std::string_view key) { name(key), open('{'); }
  void begin_array(std::string_view key) { name(key), open('['); }

  // Elements of an array.
  void element(std::string_view value) { separate(), quote(value); }
  void begin_object() { separate(), open('{'); }

  void end_object() { close('}'); }
  void end_array() { close(']'); }

  /// Ends the outermost object and gives the text, without a line feed. The writer is then spent.
  [[nodiscard]] std::string finish();

 private:
  void separate();
  void name(std::string_view key);
  void quote(std::string_view text);
  void open(char bracket);
  void close(char bracket);

  std::string text_;
  bool first_ = true;  ///< nothing stands yet in the innermost object or array
};

}  // namespace trading

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "tools/finding.hpp"
#include "tools/text.hpp"

namespace sluice::tools {

/// Writes one JSON document, a key and its value in one call.
class Json {
 public:
  void begin_object() { writer_.StartObject(); }
  void begin_object(std::string_view name) { key(name).StartObject(); }
  void end_object() { writer_.EndObject(); }
  void begin_array(std::string_view name) { key(name).StartArray(); }
  void end_array() { writer_.EndArray(); }

  void add(std::string_view name, std::string_view text) {
    key(name);
    add(text);
  }
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  void add(std::string_view name, std::uint64_t number) { key(name).Uint64(number); }
  void add(std::string_view name, std::uint32_t number) { key(name).Uint(number); }
  void add(std::string_view name, std::int64_t number) { key(name).Int64(number); }
  void add(std::string_view name, int number) { key(name).Int(number); }
  void add(std::string_view name, bool value) { key(name).Bool(value); }
  /// `null` for nothing.
  template <class T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (value) {
      add(name, *value);
    } else {
      key(name).Null();
    }
  }
  /// A string in an array.
  void add(std::string_view text) {
    const std::string valid = as_utf8(text);
    writer_.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  }

  [[nodiscard]] std::string_view text() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  /// Begins another document.
  void clear() {
    buffer_.Clear();
    writer_.Reset(buffer_);
  }

 private:
  using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
  Writer& key(std::string_view name) {
    const std::string valid = as_utf8(name);
    writer_.Key(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
    return writer_;
  }

  rapidjson::StringBuffer buffer_;
  Writer writer_{buffer_};
};

/// A finding as an object in an array.
void add(Json& json, const Finding& finding);

}  // namespace sluice::tools

#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sluice/topic/topic.hpp"

namespace sluice {

namespace detail {

/// The whole signature of a function that names `T`, the only place where the language tells it.
template <class T>
[[nodiscard]] consteval std::string_view signature() noexcept {
  return __PRETTY_FUNCTION__;
}

/// `T` as the compiler spells it: what of the signature differs from the one for `int`.
template <class T>
[[nodiscard]] consteval std::string_view spelled() noexcept {
  constexpr std::string_view with_int = signature<int>();
  constexpr std::size_t before = with_int.find("T = ") + 4;
  constexpr std::size_t after = with_int.size() - before - std::string_view("int").size();
  return signature<T>().substr(before, signature<T>().size() - before - after);
}

}  // namespace detail

/// A type's stable name. The default is what the compiler calls it, which is the same for every program built
/// with the same family of compilers; give a specialisation with a `static constexpr std::string_view value`
/// to a type whose name must survive a rename, or be shared with other compilers.
template <class T>
struct TypeName {
  static constexpr std::string_view value = detail::spelled<T>();
};

template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
  return TypeName<T>::value;
}

/// FNV-1a over name and size, computed at compile time: an identity check is one comparison.
template <class T>
[[nodiscard]] constexpr std::uint64_t type_hash() noexcept {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : type_name<T>()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01b3;
  return (hash ^ sizeof(T)) * 0x0000'0100'0000'01b3;
}

/// What may travel as a typed payload: bytes are its whole value, and a record's 8-byte alignment suffices.
template <class T>
concept Payload = std::is_trivially_copyable_v<T> && alignof(T) <= 8 && !std::is_pointer_v<T>;

template <Payload T>
[[nodiscard]] TypeIdentity type_identity() {
  return {type_hash<T>(), sizeof(T), std::string(type_name<T>())};
}

}  // namespace sluice

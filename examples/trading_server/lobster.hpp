#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

#include "order_message.hpp"

namespace trading {

/// Reads order flow in LOBSTER's message format (lobsterdata.com): text, one message a line, no header, six
/// fields with a comma between two of them:
///
/// | field       | is                                                                                  |
/// |-------------|-------------------------------------------------------------------------------------|
/// | `time`      | seconds after midnight, with up to nine decimals; no line is earlier than the last   |
/// | `type`      | 1 to 7, see `MessageType`                                                           |
/// | `order_id`  | 1 or more; for types 5 to 7 also 0, or -1 as newer files have it                    |
/// | `size`      | shares, 1 or more; for types 6 and 7 also 0                                         |
/// | `price`     | in 1/10,000 dollar, 1 or more; for type 6 also 0; for type 7 -1, 0 or 1             |
/// | `direction` | 1: the order buys, -1: it sells                                                     |
///
/// Lines end with LF or CRLF; the last one may lack it. Nothing else is let through: a book that is built
/// from a misread file is wrong without saying so. `invalid_option` names file, line, column and field, what
/// stands there and what was expected; a text without messages is refused as well.
[[nodiscard]] sluice::Result<std::vector<OrderMessage>> parse_lobster(std::string_view text,
                                                                      std::string_view file_name);

/// The same for the file at `path`. Errors: also `system_error` when it can't be read.
[[nodiscard]] sluice::Result<std::vector<OrderMessage>> read_lobster_file(const std::string& path);

}  // namespace trading

#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace sluice {

/// Why a call failed. A program branches on the code; a person reads the message beside it in `Error`.
enum class ErrorCode : std::uint8_t {
  // Options and limits.
  invalid_option,          ///< an option's value lies outside its documented range
  too_large,               ///< a record or batch exceeds what the ring accepts; both sizes are named
  too_many_topics,         ///< the topic table is full
  too_many_subscriptions,  ///< every subscription slot is taken
  out_of_memory,           ///< memory for a ring or table could not be had
  system_error,            ///< the operating system refused a call; it is named with its errno

  // Names and payloads.
  missing_topic,      ///< publish was given an empty topic
  invalid_topic,      ///< a topic name breaks the naming rules; character and column are named
  invalid_pattern,    ///< a pattern breaks the naming rules; character and column are named
  wildcard_in_topic,  ///< `*` or `>` stands in a name that must be exact
  type_mismatch,      ///< the topic carries another type than the one asked for
  invalid_metadata,   ///< a metadata key is empty or repeated, or all pairs exceed 65,535 bytes
  invalid_id,         ///< the text is not an event id
  encoding_failed,    ///< a payload could not be encoded; nothing was published

  // Publishing.
  would_block,      ///< the ring is full and the call may not wait
  timed_out,        ///< the deadline passed; for a publish the message names the gate that held it
  would_deadlock,   ///< waiting could never end: this very thread holds the ring back
  exclusive_shard,  ///< the single-producer shard already has its publisher
  claim_open,       ///< the publisher already has an open claim

  // Subscriptions and lifecycle.
  group_options_mismatch,  ///< the queue group exists with other options; the difference is named
  busy,                    ///< another thread polls the subscription, or a bus thread runs it
  reentrant,               ///< poll was called from inside a handler of the same subscription
  evicted,                 ///< the subscription held producers back beyond its deadline and was removed
  cancelled,               ///< the subscription was cancelled
  closed,                  ///< the bus is closed
  gap,                     ///< the position asked for is no longer kept
  unsupported,             ///< this bus or persistence can't do what was asked
  persistence_failed,      ///< the persistence refused to start or to define a topic

  // Journal.
  corrupt,         ///< a file's bytes are not what was written; file and offset are named
  disk_full,       ///< no space is left, a quota or a size limit is reached
  disk_failed,     ///< the device failed to read, write or sync
  journal_locked,  ///< another process has the journal open; it is named
  newer_format,    ///< the journal was written by a newer version, which this one can't read
  ring_no_space,   ///< the directory of ring files is too small; needed and free bytes are named
  forked,          ///< a forked child used what belongs to its parent
  /// It is published, and was not known to survive a loss of power when the deadline passed; it may, or not.
  durability_unknown,
};

/// The code's own spelling, as in this header: `"would_block"`. Never empty.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// A code for programs and a message for people: what, why, and what to do about it.
struct Error {
  ErrorCode code;
  std::string message;

  /// `"too_large: a record of 70,000 bytes ..."`, the form in which an error is shown to a person.
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

}  // namespace sluice

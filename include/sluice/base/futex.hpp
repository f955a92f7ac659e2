#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice::platform {

/// Sleeps while `word` holds `expected`. False when `timeout` passed (negative: for ever), true for
/// everything else: a wake, another value, a signal, or no reason at all, so the caller looks at its
/// condition again. The word is private to the process. Orders no memory by itself: the word's own loads and
/// stores must.
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept;

/// Wakes one thread, or every thread, that sleeps on `word`. A system call each, so ask for a flag first.
void futex_wake_one(std::atomic<std::uint32_t>& word) noexcept;
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace sluice::platform

#include "sluice/base/thread.hpp"

#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

namespace sluice::platform {
namespace {

std::string name_after_naming(std::string_view wanted) {
  std::string name;
  std::thread([&] {
    name_this_thread(wanted);
    std::array<char, 64> text{};
    ::pthread_getname_np(::pthread_self(), text.data(), text.size());
    name = text.data();
  }).join();
  return name;
}

TEST(ThreadId, is_never_zero_stays_the_same_and_is_never_reused) {
  constexpr std::size_t kThreads = 20;
  std::set<std::uint64_t> ids{current_thread_id()};
  for (std::size_t i = 0; i < kThreads; ++i) {
    std::thread([&] {
      ids.insert(current_thread_id());
      ids.insert(current_thread_id());
    }).join();
  }
  EXPECT_EQ(ids.size(), kThreads + 1);
  EXPECT_EQ(ids.count(0), 0U);
  EXPECT_EQ(ids.count(current_thread_id()), 1U);
}

TEST(ThreadName, is_what_was_asked_for_cut_to_fifteen_bytes) {
  EXPECT_EQ(name_after_naming("sluice-reader"), "sluice-reader");
  EXPECT_EQ(name_after_naming("exactly-15-byte"), "exactly-15-byte");
  EXPECT_EQ(name_after_naming("sluice-dispatcher-of-orders"), "sluice-dispatch");
  EXPECT_EQ(name_after_naming(std::string_view("cut by view").substr(0, 3)), "cut");
  EXPECT_EQ(name_after_naming(""), "");
}

TEST(Pin, keeps_the_thread_on_a_cpu_it_may_use) {
  std::thread([] {
    const int current = ::sched_getcpu();
    ASSERT_GE(current, 0);
    const Result<void> pinned = pin_this_thread(static_cast<unsigned>(current));
    ASSERT_TRUE(pinned) << pinned.error();
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ASSERT_EQ(::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed), 0);
    EXPECT_EQ(CPU_COUNT(&allowed), 1);
    EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(current), &allowed));
  }).join();
}

TEST(Pin, names_the_cpu_the_reason_and_the_number_of_cpus_when_it_is_refused) {
  for (const unsigned cpu : {8191U, 4'000'000'000U}) {
    const Result<void> refused = pin_this_thread(cpu);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::system_error);
    const std::string& message = refused.error().message;
    EXPECT_NE(message.find("CPU " + std::to_string(cpu)), std::string::npos) << message;
    EXPECT_NE(message.find("Invalid argument"), std::string::npos) << message;
    EXPECT_NE(message.find("this machine has "), std::string::npos) << message;
  }
}

TEST(CpuTime, grows_while_a_thread_computes) {
  const auto process_start = process_cpu_time();
  const auto thread_start = thread_cpu_time();
  while (thread_cpu_time() - thread_start < std::chrono::milliseconds(1)) {
  }
  EXPECT_GE(process_cpu_time() - process_start, std::chrono::milliseconds(1));
}

TEST(CpuTime, of_a_thread_leaves_out_what_others_use) {
  std::chrono::nanoseconds used_by_other{0};
  const auto process_start = process_cpu_time();
  std::thread([&] {
    while (thread_cpu_time() < std::chrono::milliseconds(2)) {
    }
    used_by_other = thread_cpu_time();
  }).join();
  EXPECT_GE(process_cpu_time() - process_start, used_by_other);
  EXPECT_GE(used_by_other, std::chrono::milliseconds(2));
}

TEST(Random, does_not_repeat_itself_and_uses_every_bit) {
  std::set<std::uint64_t> seen;
  std::uint64_t ever_set = 0;
  std::uint64_t always_set = ~std::uint64_t{0};
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t bits = random_bits64();
    seen.insert(bits);
    ever_set |= bits;
    always_set &= bits;
  }
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_EQ(ever_set, ~std::uint64_t{0});
  EXPECT_EQ(always_set, 0U);
}

TEST(HardwareThreads, is_at_least_one) {
  EXPECT_GE(hardware_threads(), 1U);
}

}  // namespace
}  // namespace sluice::platform

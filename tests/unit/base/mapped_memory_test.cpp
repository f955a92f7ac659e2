#include "sluice/base/mapped_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::platform {
namespace {

TEST(MappedMemory, is_zeroed_writable_and_page_aligned) {
  const MappedMemory memory = MappedMemory::allocate(100'000).value();
  ASSERT_EQ(memory.size(), 100'000U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 4096, 0U);
  EXPECT_TRUE(std::all_of(memory.data(), memory.data() + memory.size(),
                          [](std::byte b) { return b == std::byte{0}; }));
  memory.data()[memory.size() - 1] = std::byte{9};
  EXPECT_EQ(memory.data()[memory.size() - 1], std::byte{9});
}

TEST(MappedMemory, has_its_pages_before_anyone_writes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const std::size_t bytes : {std::size_t{64} * page, std::size_t{4} << 20U}) {
    const MappedMemory memory = MappedMemory::allocate(bytes).value();
    std::vector<unsigned char> resident(bytes / page);
    ASSERT_EQ(::mincore(memory.data(), bytes, resident.data()), 0);
    EXPECT_TRUE(
        std::all_of(resident.begin(), resident.end(), [](unsigned char state) { return (state & 1U) != 0; }));
  }
}

TEST(MappedMemory, refuses_more_than_the_machine_has_and_names_the_size) {
  for (const std::size_t bytes : {std::size_t{1} << 60U, std::numeric_limits<std::size_t>::max()}) {
    const Result<MappedMemory> refused = MappedMemory::allocate(bytes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::out_of_memory);
    EXPECT_NE(refused.error().message.find(std::to_string(bytes)), std::string::npos) << refused.error();
  }
}

TEST(MappedMemory, is_zeroes_of_its_own_in_a_forked_child) {
  const MappedMemory memory = MappedMemory::allocate(3 * 4096).value();
  memory.data()[5000] = std::byte{7};
  const pid_t child = ::fork();
  if (child == 0) {
    const bool zero = memory.data()[5000] == std::byte{0};
    memory.data()[5000] = std::byte{9};
    ::_exit(zero ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(memory.data()[5000], std::byte{7});
}

TEST(MappedMemory, can_be_put_in_the_place_of_what_is_shared) {
  constexpr std::size_t kBytes = 2 * 4096;
  void* const place = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(place, MAP_FAILED);
  auto* const shared = static_cast<std::byte*>(place);
  shared[4100] = std::byte{7};
  const pid_t child = ::fork();
  if (child == 0) {
    const bool replaced = replace_by_zeroes(shared, kBytes) && shared[4100] == std::byte{0};
    shared[4100] = std::byte{9};
    ::_exit(replaced ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(shared[4100], std::byte{7});
  ::munmap(place, kBytes);
}

TEST(MappedMemory, refuses_to_map_nothing) {
  const Result<MappedMemory> refused = MappedMemory::allocate(0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
}

TEST(MappedMemory, moving_hands_the_mapping_over_and_destruction_unmaps_it) {
  MappedMemory first = MappedMemory::allocate(4096).value();
  std::byte* const address = first.data();
  {
    MappedMemory second(std::move(first));
    EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): the moved-from state is documented.
    EXPECT_EQ(first.size(), 0U);
    first = std::move(second);
    EXPECT_EQ(first.data(), address);
    const MappedMemory last(std::move(first));
  }
  EXPECT_EQ(::msync(address, 4096, MS_ASYNC), -1);
  EXPECT_EQ(errno, ENOMEM);
}

}  // namespace
}  // namespace sluice::platform

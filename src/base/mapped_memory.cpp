#include "sluice/base/mapped_memory.hpp"

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "system_error.hpp"

namespace sluice::platform {

namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

std::size_t system_value(int name, std::size_t fallback) noexcept {
  const long value = ::sysconf(name);
  return value > 0 ? static_cast<std::size_t>(value) : fallback;
}

std::size_t page_bytes() noexcept {
  return system_value(_SC_PAGESIZE, 4096);
}

Error out_of_memory(std::size_t bytes, const std::string& reason) {
  return {ErrorCode::out_of_memory,
          "can't map " + std::to_string(bytes) + " bytes of memory: " + reason + "; ask for less"};
}

/// Backs the mapping with pages now. 0, or the errno that says why there are not enough of them.
int populate(std::byte* data, std::size_t bytes) noexcept {
#if defined(MADV_POPULATE_WRITE)
  if (::madvise(data, bytes, MADV_POPULATE_WRITE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  // A kernel before 5.14 doesn't know the request: touch each page instead.
  const std::size_t step = page_bytes();
  for (std::size_t offset = 0; offset < bytes; offset += step) {
    *static_cast<volatile std::byte*>(data + offset) = std::byte{0};
  }
  return 0;
}

}  // namespace

Result<MappedMemory> MappedMemory::allocate(std::size_t bytes) {
  if (bytes == 0) {
    return Error{ErrorCode::invalid_option, "can't map 0 bytes of memory; ask for at least 1"};
  }
  // Mapping more than the machine has would succeed on many systems, and the process be killed while
  // populating.
  const std::size_t pages = system_value(_SC_PHYS_PAGES, SIZE_MAX / page_bytes());
  if (bytes / page_bytes() > pages) {
    return out_of_memory(bytes, "this machine has " + std::to_string(pages * page_bytes()) + " bytes");
  }
  void* const address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return out_of_memory(bytes, describe_errno("mmap refused it", errno));

  MappedMemory memory(static_cast<std::byte*>(address), bytes);
  // Before the pages come, or they come as small ones; refused where the kernel has no huge pages, which is
  // fine.
  if (bytes >= kHugePageBytes) (void)::madvise(memory.data_, bytes, MADV_HUGEPAGE);
#if defined(MADV_WIPEONFORK)
  (void)::madvise(memory.data_, bytes, MADV_WIPEONFORK);  // refused by older kernels, which is fine, too
#endif
  if (const int failure = populate(memory.data_, bytes); failure != 0) {
    return out_of_memory(bytes, describe_errno("the pages could not be had", failure));
  }
  return memory;
}

MappedMemory::MappedMemory(MappedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  MappedMemory taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

bool replace_by_zeroes(std::byte* data, std::size_t bytes) noexcept {
  const std::size_t whole_pages = bytes / page_bytes() * page_bytes();
  if (::mmap(data, whole_pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
      MAP_FAILED) {
    return true;
  }
  ::munmap(data, whole_pages);
  return false;
}

}  // namespace sluice::platform

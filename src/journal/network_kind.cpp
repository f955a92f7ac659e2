#include "journal/network_kind.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "journal/file_error.hpp"

namespace sluice::detail {

namespace {

struct Magic {
  std::uint32_t number;
  std::string_view name;
};

// The numbers are those of the kernel's <linux/magic.h> and, for file systems outside it, of statfs(2) and
// coreutils' list.
constexpr Magic kNetworkMagics[] = {
    {0x00006969, "nfs"},    {0x0000517B, "smb"},   {0xFF534D42, "cifs"},   {0xFE534D42, "smb"},
    {0x01021997, "9p"},     {0x00C36400, "ceph"},  {0x5346414F, "afs"},    {0x6B414653, "afs"},
    {0x73757245, "coda"},   {0x0000564C, "ncp"},   {0x0BD00BD0, "lustre"}, {0x47504653, "gpfs"},
    {0x19830326, "beegfs"}, {0x013111A8, "ibrix"}, {0xAAD7AAEA, "panfs"},  {0x786F4256, "vboxsf"},
    {0x7461636F, "ocfs2"},  {0x01161970, "gfs2"},  {0xBACBACBC, "vmhgfs"}, {0x61636673, "acfs"},
};

constexpr std::uint32_t kFuseMagic = 0x65735546;

// As mounted, behind "fuse.".
constexpr std::string_view kNetworkFuses[] = {
    "sshfs",    "glusterfs", "ceph-fuse", "s3fs",      "gcsfuse",     "goofys",     "geesefs", "mount-s3",
    "rclone",   "davfs",     "davfs2",    "curlftpfs", "smbnetfs",    "juicefs",    "mfs",     "seaweedfs",
    "lizardfs", "hdfs",      "blobfuse",  "blobfuse2", "vmhgfs-fuse", "gvfsd-fuse", "nfs",     "weed",
};

/// Takes the text up to `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, std::string_view separator) noexcept {
  const std::size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + separator.size());
  return taken;
}

std::string read_mountinfo() {
  std::ifstream file("/proc/self/mountinfo", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string_view network_kind_of_magic(std::uint32_t magic) noexcept {
  const auto* const found = std::find_if(std::begin(kNetworkMagics), std::end(kNetworkMagics),
                                         [&](const Magic& known) { return known.number == magic; });
  return found == std::end(kNetworkMagics) ? std::string_view() : found->name;
}

std::string_view network_kind_of_type(std::string_view mounted_type) noexcept {
  constexpr std::string_view kPrefix = "fuse.";
  if (mounted_type.substr(0, kPrefix.size()) != kPrefix) return {};
  mounted_type.remove_prefix(kPrefix.size());
  const auto* const found = std::find(std::begin(kNetworkFuses), std::end(kNetworkFuses), mounted_type);
  return found == std::end(kNetworkFuses) ? std::string_view() : *found;
}

std::string_view mounted_type(std::string_view mountinfo, unsigned major, unsigned minor) noexcept {
  // A line of proc(5): "36 35 98:0 /root /mounted/here options [tags...] - type source options".
  while (!mountinfo.empty()) {
    std::string_view line = take_until(mountinfo, "\n");
    take_until(line, " ");
    take_until(line, " ");
    std::string_view device = take_until(line, " ");
    if (take_until(device, ":") != std::to_string(major) || device != std::to_string(minor)) continue;
    take_until(line, " - ");
    return take_until(line, " ");
  }
  return {};
}

Result<std::string> network_kind_of(const std::string& directory) {
  struct statfs file_system {};
  if (::statfs(directory.c_str(), &file_system) != 0) return file_error("statfs", directory, errno);
  // The field is a signed long on some machines: the numbers are 32 bits wide on all.
  const auto magic = static_cast<std::uint32_t>(file_system.f_type);
  if (magic != kFuseMagic) return std::string(network_kind_of_magic(magic));

  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0) return file_error("stat", directory, errno);
  const std::string mounts = read_mountinfo();
  return std::string(network_kind_of_type(mounted_type(mounts, major(facts.st_dev), minor(facts.st_dev))));
}

}  // namespace sluice::detail

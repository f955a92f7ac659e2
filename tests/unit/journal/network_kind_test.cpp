#include "journal/network_kind.hpp"

#include <gtest/gtest.h>
#include <linux/magic.h>

#include "journal/file_system.hpp"
#include "temporary_directory.hpp"

namespace sluice::detail {
namespace {

TEST(NetworkKind, is_empty_for_this_machines_own_file_systems) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(posix_file_system().network_kind(directory.path()).value(), "");
  EXPECT_EQ(posix_file_system().network_kind("/proc").value(), "");
  EXPECT_FALSE(posix_file_system().network_kind(directory.file("none")));
}

TEST(NetworkKind, goes_by_the_kernels_number) {
  EXPECT_EQ(network_kind_of_magic(NFS_SUPER_MAGIC), "nfs");
  EXPECT_EQ(network_kind_of_magic(SMB_SUPER_MAGIC), "smb");
  EXPECT_EQ(network_kind_of_magic(CIFS_SUPER_MAGIC), "cifs");
  EXPECT_EQ(network_kind_of_magic(SMB2_SUPER_MAGIC), "smb");
  EXPECT_EQ(network_kind_of_magic(V9FS_MAGIC), "9p");
  EXPECT_EQ(network_kind_of_magic(CEPH_SUPER_MAGIC), "ceph");
  EXPECT_EQ(network_kind_of_magic(AFS_FS_MAGIC), "afs");
  EXPECT_EQ(network_kind_of_magic(CODA_SUPER_MAGIC), "coda");
  for (const std::uint32_t local :
       {std::uint32_t{EXT4_SUPER_MAGIC}, std::uint32_t{XFS_SUPER_MAGIC}, std::uint32_t{BTRFS_SUPER_MAGIC},
        std::uint32_t{TMPFS_MAGIC}, std::uint32_t{OVERLAYFS_SUPER_MAGIC}, std::uint32_t{FUSE_SUPER_MAGIC}}) {
    EXPECT_EQ(network_kind_of_magic(local), "") << std::hex << local;
  }
}

TEST(NetworkKind, of_fuse_goes_by_the_type_it_is_mounted_as) {
  EXPECT_EQ(network_kind_of_type("fuse.sshfs"), "sshfs");
  EXPECT_EQ(network_kind_of_type("fuse.glusterfs"), "glusterfs");
  for (const char* local : {"", "fuse", "fuse.", "fuse.bindfs", "fuseblk", "sshfs", "virtiofs"}) {
    EXPECT_EQ(network_kind_of_type(local), "") << local;
  }
}

TEST(NetworkKind, finds_the_type_of_a_device_among_the_mounts) {
  constexpr std::string_view kMounts =
      "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
      "40 22 0:5 / /proc rw - proc proc rw\n"
      "41 22 0:51 / /home/me/far\\040away rw,nosuid shared:2 master:1 - fuse.sshfs me@far:/ rw,user_id=0\n"
      "42 22 0:52 / /bind rw - fuse.bindfs /dev/fuse rw";
  EXPECT_EQ(mounted_type(kMounts, 254, 1), "ext4");
  EXPECT_EQ(mounted_type(kMounts, 0, 5), "proc");
  EXPECT_EQ(mounted_type(kMounts, 0, 51), "fuse.sshfs");
  EXPECT_EQ(mounted_type(kMounts, 0, 52), "fuse.bindfs");
  EXPECT_EQ(mounted_type(kMounts, 0, 53), "");
  EXPECT_EQ(mounted_type(kMounts, 51, 0), "");
  EXPECT_EQ(mounted_type("nonsense\n\n \n0:1", 0, 1), "");
  EXPECT_EQ(mounted_type("1 2 0:1 cut short", 0, 1), "");
}

}  // namespace
}  // namespace sluice::detail

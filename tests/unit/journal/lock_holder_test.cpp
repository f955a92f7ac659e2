#include "journal/lock_holder.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "journal/lock_file.hpp"
#include "temporary_directory.hpp"

namespace sluice::detail {
namespace {

TEST(LockHolder, is_who_holds_the_lock_and_nobody_once_it_is_let_go) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("LOCK");
  EXPECT_FALSE(find_lock_holder(path));
  // Another one, so that the system has locks to list after ours is gone.
  const auto other = LockFile::acquire(directory.file("OTHER")).value();
  {
    const auto lock = LockFile::acquire(path).value();
    const auto holder = find_lock_holder(path);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->pid, ::getpid());
    EXPECT_TRUE(is_here(*holder));
    // Looking did not take it, and nobody is kept from asking again.
    EXPECT_TRUE(find_lock_holder(path));
  }
  EXPECT_FALSE(find_lock_holder(path)) << "the text still names us";
  EXPECT_TRUE(LockFile::acquire(path)) << "and looking holds nothing";
}

TEST(LockHolder, is_told_from_a_process_that_had_the_same_id) {
  LockHolder self = this_process();
  EXPECT_EQ(parse_holder(to_text(self))->start, self.start);
  EXPECT_TRUE(is_here(self));
  ++self.start;
  EXPECT_FALSE(is_here(self));
  self = this_process();
  self.boot = "another";
  EXPECT_FALSE(is_here(self));
  EXPECT_FALSE(is_of_this_boot(self));
}

TEST(LockHolder, is_not_read_out_of_nonsense) {
  for (const char* text : {"", "pid", "pid x\nstarted 1", "pid 0\nstarted 1\nboot b", "pid 7\nboot b"}) {
    EXPECT_FALSE(parse_holder(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::detail

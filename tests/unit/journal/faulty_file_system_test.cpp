#include "faulty_file_system.hpp"

#include <cerrno>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "temporary_directory.hpp"

namespace sluice::test {
namespace {

using detail::join_path;
using detail::OpenMode;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// A watched directory, and the images that a loss of power could leave of it.
struct FaultyFiles : testing::Test {
  TemporaryDirectory directory;
  std::string root = made(directory.file("root"));
  FaultyFileSystem files{detail::posix_file_system(), root};
  int images = 0;

  static std::string made(const std::string& path) {
    detail::posix_file_system().make_directory(path).value();
    return path;
  }
  [[nodiscard]] std::string at(std::string_view name) const { return join_path(root, name); }
  static std::string content(const std::string& path) {
    const auto bytes = detail::read_file(detail::posix_file_system(), path, 1U << 20U);
    if (!bytes) return "(missing)";
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  }
  std::string image(std::uint64_t seed) {
    const std::string target = directory.file("image" + std::to_string(images++));
    files.disk().make_image(seed, target);
    return target;
  }
  /// What `look` sees in many images.
  template <class Look>
  auto seen(Look look) {
    std::set<decltype(look(std::string()))> all;
    for (std::uint64_t seed = 0; seed < 100; ++seed) all.insert(look(image(seed)));
    return all;
  }
  std::set<std::string> contents(std::string_view name) {
    return seen([&](const std::string& target) { return content(join_path(target, name)); });
  }
  /// A file of two sectors, synced, and its name too.
  std::unique_ptr<detail::File> settled(std::string_view name, char letter) {
    auto file = files.open(at(name), OpenMode::create).value();
    file->write_at(0, bytes_of(std::string(1024, letter))).value();
    file->sync().value();
    files.sync_directory(root).value();
    return file;
  }
};

std::string halves(char first, char second) {
  return std::string(512, first) + std::string(512, second);
}

TEST_F(FaultyFiles, fail_at_the_chosen_call_once_with_the_error_of_the_real_one) {
  const auto file = files.open(at("f"), OpenMode::create).value();
  files.fail({.calls = Call::write | Call::sync, .nth = 2, .error_number = ENOSPC});
  EXPECT_TRUE(file->write_at(0, bytes_of("a")));
  EXPECT_TRUE(file->allocate(100));
  const auto failed = file->sync();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::disk_full);
  EXPECT_NE(failed.error().message.find(at("f")), std::string::npos);
  EXPECT_TRUE(file->sync());
  EXPECT_EQ(files.failed(), 1U);
  EXPECT_EQ(files.count(Call::write | Call::sync), 3U);
  EXPECT_EQ(files.count(kEveryCall), 5U);
}

TEST_F(FaultyFiles, fail_from_the_chosen_call_on_until_healed) {
  files.fail({.calls = Call::exists, .nth = 2, .error_number = EIO, .times = Fault::Times::from_then_on});
  EXPECT_TRUE(files.exists(at("f")));
  EXPECT_EQ(files.exists(at("f")).error().code, ErrorCode::disk_failed);
  EXPECT_FALSE(files.exists(at("f")));
  files.heal();
  EXPECT_TRUE(files.exists(at("f")));
}

TEST_F(FaultyFiles, fail_in_every_kind_of_call) {
  const auto file = settled("f", 'a');
  files.fail({.error_number = EIO, .times = Fault::Times::from_then_on});
  std::byte byte{};
  EXPECT_FALSE(file->read_at(0, std::span(&byte, 1)));
  EXPECT_FALSE(file->write_at(0, bytes_of("a")));
  EXPECT_FALSE(file->allocate(1));
  EXPECT_FALSE(file->sync());
  EXPECT_FALSE(file->size());
  EXPECT_FALSE(files.open(at("f"), OpenMode::read_only));
  EXPECT_FALSE(files.open(at("g"), OpenMode::create));
  EXPECT_FALSE(files.exists(at("f")));
  EXPECT_FALSE(files.make_directory(at("d")));
  EXPECT_FALSE(files.list(root));
  EXPECT_FALSE(files.rename(at("f"), at("g")));
  EXPECT_FALSE(files.remove(at("f")));
  EXPECT_FALSE(files.sync_directory(root));
  EXPECT_FALSE(files.map_shared(at("f"), 1));
  EXPECT_FALSE(files.free_bytes(root));
  EXPECT_FALSE(files.network_kind(root));
  EXPECT_EQ(files.failed(), 16U);
  EXPECT_EQ(detail::posix_file_system().list(root).value(), std::vector<std::string>{"f"});
  EXPECT_EQ(content(at("f")), std::string(1024, 'a'));
}

TEST_F(FaultyFiles, write_half_before_they_fail) {
  const auto file = files.open(at("f"), OpenMode::create).value();
  files.fail({.calls = Call::write, .error_number = EIO, .before = Fault::Before::half_of_it});
  EXPECT_FALSE(file->write_at(0, bytes_of("abcdef")));
  EXPECT_EQ(content(at("f")), "abc");
}

TEST_F(FaultyFiles, lose_any_sectors_since_the_last_sync_and_none_before) {
  const auto file = settled("f", 'a');
  EXPECT_EQ(contents("f"), std::set{halves('a', 'a')});
  file->write_at(0, bytes_of(halves('b', 'b'))).value();
  file->write_at(512, bytes_of(std::string(512, 'c'))).value();
  EXPECT_EQ(contents("f"), (std::set{halves('a', 'a'), halves('a', 'b'), halves('a', 'c'), halves('b', 'a'),
                                     halves('b', 'b'), halves('b', 'c')}));
  file->sync().value();
  EXPECT_EQ(contents("f"), std::set{halves('b', 'c')});
}

TEST_F(FaultyFiles, lose_a_files_growth) {
  const auto file = settled("f", 'a');
  file->write_at(1024, bytes_of("xyz")).value();
  file->allocate(2048).value();
  const auto sizes =
      seen([](const std::string& target) { return std::filesystem::file_size(join_path(target, "f")); });
  EXPECT_EQ(sizes, (std::set<std::uintmax_t>{1024, 1027, 2048}));
  file->sync().value();
  EXPECT_EQ(contents("f"), std::set{std::string(1024, 'a') + "xyz" + std::string(1021, '\0')});
}

TEST_F(FaultyFiles, keep_what_was_there_before_they_came) {
  const auto before = settled("f", 'a');
  FaultyFileSystem later(detail::posix_file_system(), root);
  later.disk().make_image(1, directory.file("image"));
  EXPECT_EQ(content(directory.file("image/f")), std::string(1024, 'a'));
}

TEST_F(FaultyFiles, lose_a_synced_file_whose_name_was_not_synced) {
  const auto file = files.open(at("f"), OpenMode::create).value();
  file->write_at(0, bytes_of("a")).value();
  file->sync().value();
  EXPECT_EQ(contents("f"), (std::set<std::string>{"(missing)", "a"}));
  files.sync_directory(root + "/").value();
  EXPECT_EQ(contents("f"), std::set<std::string>{"a"});
}

TEST_F(FaultyFiles, lose_a_directory_with_all_in_it) {
  files.make_directory(at("d")).value();
  const auto file = files.open(at("d/f"), OpenMode::create).value();
  file->write_at(0, bytes_of("a")).value();
  file->sync().value();
  files.sync_directory(at("d")).value();
  EXPECT_EQ(contents("d/f"), (std::set<std::string>{"(missing)", "a"}));
  files.sync_directory(root).value();
  EXPECT_EQ(contents("d/f"), std::set<std::string>{"a"});
}

TEST_F(FaultyFiles, rename_in_one_step) {
  const auto new_file = settled("new", 'n');
  const auto old_file = settled("old", 'o');
  files.rename(at("new"), at("old")).value();
  const auto both = [](const std::string& target) {
    return content(join_path(target, "new")).substr(0, 1) + content(join_path(target, "old")).substr(0, 1);
  };
  EXPECT_EQ(seen(both), (std::set<std::string>{"no", "(n"}));
  files.sync_directory(root).value();
  EXPECT_EQ(seen(both), std::set<std::string>{"(n"});
}

TEST_F(FaultyFiles, may_bring_back_what_was_removed) {
  const auto file = settled("f", 'a');
  files.remove(at("f")).value();
  EXPECT_EQ(contents("f"), (std::set<std::string>{"(missing)", std::string(1024, 'a')}));
  // Another of that name is another file: the old one's bytes never show up in it.
  const auto second = files.open(at("f"), OpenMode::create).value();
  second->write_at(0, bytes_of("b")).value();
  second->sync().value();
  EXPECT_EQ(contents("f"), (std::set<std::string>{"(missing)", std::string(1024, 'a'), "b"}));
  files.sync_directory(root).value();
  EXPECT_EQ(contents("f"), std::set<std::string>{"b"});
}

TEST_F(FaultyFiles, lose_what_a_failed_sync_was_to_write_though_a_later_one_succeeds) {
  const auto file = settled("f", 'a');
  file->write_at(0, bytes_of(halves('b', 'b'))).value();
  files.fail({.calls = Call::sync, .error_number = EIO});
  EXPECT_FALSE(file->sync());
  file->sync().value();
  EXPECT_EQ(contents("f"),
            (std::set{halves('a', 'a'), halves('a', 'b'), halves('b', 'a'), halves('b', 'b')}));
  // Written again it is there to stay.
  file->write_at(512, bytes_of(std::string(512, 'b'))).value();
  file->sync().value();
  EXPECT_EQ(contents("f"), (std::set{halves('a', 'b'), halves('b', 'b')}));
}

TEST_F(FaultyFiles, read_what_the_disk_has_once_the_pages_of_a_failed_sync_are_dropped) {
  std::set<std::string> reads;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string name = std::to_string(seed);
    const auto file = settled(name, 'a');
    file->write_at(0, bytes_of(halves('b', 'b'))).value();
    files.disk().evict_failed(seed);
    EXPECT_EQ(content(at(name)), halves('b', 'b')) << "no sync has failed yet";
    files.fail({.calls = Call::sync, .error_number = EIO});
    EXPECT_FALSE(file->sync());
    EXPECT_EQ(content(at(name)), halves('b', 'b')) << "the cache still has them";
    files.disk().evict_failed(seed);
    reads.insert(content(at(name)));
    EXPECT_EQ(content(join_path(image(seed), name)), content(at(name)));
  }
  EXPECT_EQ(reads, (std::set{halves('a', 'a'), halves('a', 'b'), halves('b', 'a'), halves('b', 'b')}));
}

TEST_F(FaultyFiles, may_have_kept_or_lost_what_is_in_a_mapping) {
  const auto file = settled("f", 'a');
  const auto mapping = files.map_shared(at("f"), 1024).value();
  std::fill_n(mapping->bytes().begin(), 512, std::byte{'m'});
  EXPECT_EQ(contents("f"), (std::set{halves('a', 'a'), halves('m', 'a')}));
  file->sync().value();
  EXPECT_EQ(contents("f"), std::set{halves('m', 'a')});
}

TEST_F(FaultyFiles, make_the_same_image_from_the_same_seed) {
  const auto file = settled("f", 'a');
  file->write_at(0, bytes_of(halves('b', 'c'))).value();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(content(join_path(image(seed), "f")), content(join_path(image(seed), "f")));
  }
}

TEST_F(FaultyFiles, pass_on_what_happens_elsewhere) {
  const auto file = files.open(directory.file("elsewhere"), OpenMode::create).value();
  file->write_at(0, bytes_of("a")).value();
  file->sync().value();
  files.rename(directory.file("elsewhere"), directory.file("moved")).value();
  EXPECT_EQ(content(directory.file("moved")), "a");
  EXPECT_TRUE(std::filesystem::is_empty(image(1)));
}

}  // namespace
}  // namespace sluice::test

#include "journal/file_system.hpp"

namespace sluice::detail {

namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_new_file(FileSystem& files, const std::string& path, std::span<const std::byte> bytes) {
  const Result<std::unique_ptr<File>> file = files.open(path, OpenMode::create);
  if (!file) return file.error();
  if (Result<void> written = (*file)->write_at(0, bytes); !written) return written;
  return (*file)->sync();
}

}  // namespace

Result<void> replace_file(FileSystem& files, const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".new";
  // One that a crash left over.
  if (Result<void> removed = files.remove(temporary); !removed) return removed;
  Result<void> done = write_new_file(files, temporary, bytes);
  if (done) done = files.rename(temporary, path);
  if (!done) {
    // The first failure is the one to report; what can't be removed now, the next call removes.
    (void)files.remove(temporary);
    return done;
  }
  return files.sync_directory(directory_of(path));
}

Result<std::vector<std::byte>> read_file(FileSystem& files, const std::string& path,
                                         std::uint64_t most_bytes) {
  const Result<std::unique_ptr<File>> file = files.open(path, OpenMode::read_only);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  if (*size > most_bytes) {
    return Error{ErrorCode::corrupt, path + ": " + std::to_string(*size) +
                                         " bytes, where a file of its kind has " +
                                         std::to_string(most_bytes) + " at most: something else wrote it"};
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(*size));
  const Result<std::size_t> count = (*file)->read_at(0, bytes);
  if (!count) return count.error();
  bytes.resize(*count);  // cut short meanwhile
  return bytes;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

}  // namespace sluice::detail

#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>
#include <sys/wait.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "unit/journal/temporary_directory.hpp"

/// Running the `sluice` command, and journals to run it on.
namespace sluice::test {

struct Ran {
  int status = -1;
  std::string out;
  std::string err;

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t end = std::min(out.find('\n', at), out.size());
      lines.push_back(out.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
};

inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// `arguments` as a shell takes them, in the directory `in`. Its output is no terminal, whatever the test's
/// is.
inline Ran sluice_command(const std::string& arguments, const std::string& in = "/") {
  const TemporaryDirectory directory;
  const std::string line =
      "cd " + in + " && " + SLUICE_COMMAND + " " + arguments + " 2>" + directory.file("err");
  FILE* const pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run " + line);
  Ran ran;
  std::array<char, 65'536> part{};
  for (std::size_t count; (count = std::fread(part.data(), 1, part.size(), pipe)) != 0;) {
    ran.out.append(part.data(), count);
  }
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.err = file_text(directory.file("err"));
  return ran;
}

inline rapidjson::Document json_of(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError()) throw std::runtime_error("no JSON: " + text);
  return document;
}

inline JournalOptions small_segments(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  return options;
}

/// An event as the tests publish it.
struct Published {
  std::string topic;
  std::string payload;
  std::uint64_t position = 0;
};

/// A journal of several segments on the disk: events of three topics, one of them binary, and a cursor.
class SampleJournal {
 public:
  static constexpr int kEvents = 400;

  SampleJournal() : directory_(path_.file("journal")) {}

  void open() {
    journal_ = journal(small_segments(directory_));
    bus_.emplace(Bus::open({.persistence = journal_}).value());
  }
  void publish(int events) {
    Subscription firehose = bus_->subscribe({}).value();
    for (int i = 0; i < events; ++i) {
      const int n = static_cast<int>(all_.size());
      const std::string topic = n % 4 == 0 ? "sample.binary" : n % 4 == 1 ? "sample.other" : "sample.text";
      std::string payload =
          "event " + std::to_string(n) + std::string(static_cast<std::size_t>(n % 150), '.');
      if (n % 4 == 0) payload = std::string("\0\xff", 2) + payload;
      bus_->publish(topic, payload, {.metadata = {{"number", std::to_string(n)}}}).value();
      firehose.poll([&](const EventView& event) { all_.push_back({topic, payload, event.position()}); });
    }
  }
  void close() {
    bus_.reset();
    journal_.reset();
  }
  /// Published and closed.
  void make() {
    open();
    publish(kEvents);
    journal_->store_cursor("audit", 0, all_[10].position, CursorRetention::gap).value();
    close();
  }

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::vector<Published>& all() const { return all_; }
  [[nodiscard]] Bus& bus() { return *bus_; }
  [[nodiscard]] Journal& kept() { return *journal_; }

  /// Every file with its bytes.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (!entry.is_regular_file()) continue;
      files[entry.path().filename().string()] = file_text(entry.path().string());
    }
    return files;
  }
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> segments;
    for (const auto& [name, bytes] : files()) {
      if (name.ends_with(".segment")) segments.push_back(name);
    }
    return segments;
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  TemporaryDirectory path_;
  std::string directory_;
  std::shared_ptr<Journal> journal_;
  std::optional<Bus> bus_;
  std::vector<Published> all_;
};

}  // namespace sluice::test

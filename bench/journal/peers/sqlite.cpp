// SQLite with a write-ahead log that is not synced: one prepared insert, in transactions of 1,000.
#include <algorithm>

#include <sqlite3.h>

#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

class SqliteWriter final : public Writer {
 public:
  explicit SqliteWriter(const std::string& directory) {
    check(sqlite3_open((directory + "/events.sqlite").c_str(), &db_));
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = OFF");
    run("PRAGMA wal_autocheckpoint = 10000");
    run("CREATE TABLE events (position INTEGER PRIMARY KEY, topic INTEGER, time INTEGER, payload BLOB)");
    check(sqlite3_prepare_v2(db_, "INSERT INTO events VALUES (?, ?, ?, ?)", -1, &insert_, nullptr));
  }
  ~SqliteWriter() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  void write(std::uint64_t first, std::uint64_t count) override {
    Order order;
    for (std::uint64_t at = 0; at < count; at += kPerTransaction) {
      run("BEGIN");
      for (std::uint64_t i = at; i < std::min(count, at + kPerTransaction); ++i) {
        order.number = first + i;
        sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(order.number));
        sqlite3_bind_int64(insert_, 2, 7);
        sqlite3_bind_int64(insert_, 3, 1'700'000'000);
        sqlite3_bind_blob(insert_, 4, &order, sizeof order, SQLITE_STATIC);
        if (sqlite3_step(insert_) != SQLITE_DONE) check(SQLITE_ERROR);
        sqlite3_reset(insert_);
      }
      run("COMMIT");
    }
  }

 private:
  void check(int result) {
    if (result != SQLITE_OK) throw Failed(std::string("SQLite: ") + sqlite3_errmsg(db_));
  }
  void run(const char* text) { check(sqlite3_exec(db_, text, nullptr, nullptr, nullptr)); }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

std::vector<Keeper> sqlite_keepers() {
  return {
      {"sqlite_wal", [](const std::string& directory) { return std::make_unique<SqliteWriter>(directory); }}};
}

}  // namespace sluice::bench

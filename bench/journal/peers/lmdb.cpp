// LMDB without syncs: appended in the order of the keys, in transactions of 1,000.
#include <algorithm>

#include <lmdb.h>

#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

class LmdbWriter final : public Writer {
 public:
  explicit LmdbWriter(const std::string& directory) {
    check(mdb_env_create(&env_));
    check(mdb_env_set_mapsize(env_, std::size_t{8} << 30));
    check(mdb_env_open(env_, directory.c_str(), MDB_NOSYNC | MDB_WRITEMAP, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &dbi_));
    check(mdb_txn_commit(txn));
  }
  ~LmdbWriter() override { mdb_env_close(env_); }

  void write(std::uint64_t first, std::uint64_t count) override {
    Order order;
    for (std::uint64_t at = 0; at < count; at += kPerTransaction) {
      MDB_txn* txn = nullptr;
      check(mdb_txn_begin(env_, nullptr, 0, &txn));
      for (std::uint64_t i = at; i < std::min(count, at + kPerTransaction); ++i) {
        order.number = first + i;
        MDB_val key{sizeof order.number, &order.number};
        MDB_val value{sizeof order, &order};
        check(mdb_put(txn, dbi_, &key, &value, MDB_APPEND));
      }
      check(mdb_txn_commit(txn));
    }
  }

 private:
  static void check(int result) {
    if (result != 0) throw Failed(std::string("LMDB: ") + mdb_strerror(result));
  }

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

}  // namespace

std::vector<Keeper> lmdb_keepers() {
  return {{"lmdb", [](const std::string& directory) { return std::make_unique<LmdbWriter>(directory); }}};
}

}  // namespace sluice::bench

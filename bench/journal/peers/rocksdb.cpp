// RocksDB with its log, not synced: write batches of 1,000, keys that sort in the order of the events.
#include <algorithm>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

class RocksdbWriter final : public Writer {
 public:
  explicit RocksdbWriter(const std::string& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::Open(options, directory + "/rocksdb", &opened));
    db_.reset(opened);
  }

  void write(std::uint64_t first, std::uint64_t count) override {
    Order order;
    rocksdb::WriteBatch batch;
    for (std::uint64_t at = 0; at < count; at += kPerTransaction) {
      batch.Clear();
      for (std::uint64_t i = at; i < std::min(count, at + kPerTransaction); ++i) {
        order.number = first + i;
        const std::uint64_t key = __builtin_bswap64(order.number);
        check(batch.Put({reinterpret_cast<const char*>(&key), sizeof key},
                        {reinterpret_cast<const char*>(&order), sizeof order}));
      }
      check(db_->Write({}, &batch));
    }
  }

 private:
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) throw Failed("RocksDB: " + status.ToString());
  }

  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

std::vector<Keeper> rocksdb_keepers() {
  return {
      {"rocksdb", [](const std::string& directory) { return std::make_unique<RocksdbWriter>(directory); }}};
}

}  // namespace sluice::bench

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace trading {

/// Rows of cells in columns as wide as their widest cell. The first row is the header. Columns that hold
/// words stand at the left, columns of numbers at the right.
class TextTable {
 public:
  /// `word_columns`: how many columns, from the first on, hold words.
  explicit TextTable(std::size_t word_columns) : word_columns_(word_columns) {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Every line begins with `indent` and ends with a line feed.
  [[nodiscard]] std::string str(std::size_t indent) const;

 private:
  std::size_t word_columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace trading

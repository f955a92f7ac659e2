#include "trading_server/progress.hpp"

#include <cstdio>

#include <gtest/gtest.h>

namespace trading {
namespace {

TEST(Progress, fills_the_bar_with_what_is_done) {
  EXPECT_EQ(render_progress({0.5, 1'000, 2.0}, 82),
            "[##########..........]  50 %  1,000 events, 500/s, 2.00 s, 2.00 s left");
  EXPECT_EQ(render_progress({1.0, 1'000, 2.0}, 77),
            "[###############] 100 %  1,000 events, 500/s, 2.00 s, 0 ns left");
}

TEST(Progress, keeps_the_bar_at_its_place_while_the_words_change) {
  const std::string early = render_progress({0.1, 900, 0.1}, 80);
  const std::string late = render_progress({0.9, 123'456'789, 3'600.0}, 80);
  EXPECT_EQ(early.find(']'), late.find(']'));
}

TEST(Progress, leaves_out_the_bar_where_there_is_no_room) {
  EXPECT_EQ(render_progress({0.5, 1'000, 2.0}, 50), " 50 %  1,000 events, 500/s, 2.00 s, 2.00 s left");
}

TEST(Progress, never_says_that_it_is_done_before_it_is) {
  EXPECT_NE(render_progress({0.9999, 1, 1.0}, 80).find(" 99 %"), std::string::npos);
}

TEST(Progress, has_no_bar_when_the_end_is_not_known) {
  EXPECT_EQ(render_progress({std::nullopt, 1'000, 2.0}, 80), "1,000 events, 500/s, 2.00 s");
}

TEST(Progress, fits_into_any_width) {
  for (std::size_t width = 0; width < 200; ++width) {
    for (const double fraction : {0.0, 1e-300, 0.001, 0.3, 1.0, 1.5, -1.0}) {
      EXPECT_LE(render_progress({fraction, 5'000'000, 3.2}, width).size(), width);
    }
  }
}

TEST(ProgressBar, writes_nothing_to_what_is_no_terminal) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    ProgressBar bar(file);
    EXPECT_FALSE(bar.visible());
    bar.draw({0.5, 1, 1.0});
  }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace trading

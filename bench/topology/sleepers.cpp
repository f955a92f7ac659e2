#include "topology/sleepers.hpp"

#include <thread>
#include <utility>

#include "sluice/base/clock.hpp"

#include "topology/placement.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kThreads = 4;
constexpr std::int64_t kStop = -1;

class MailboxSleepers final : public Sleepers {
 public:
  explicit MailboxSleepers(const std::function<std::unique_ptr<Mailbox>()>& make) : sleepers_(kThreads) {
    for (std::size_t i = 0; i < kThreads; ++i) boxes_.push_back(make());
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, i] { sleep_at(*boxes_[i], sleepers_[i]); });
    }
  }
  ~MailboxSleepers() override { stop(); }

  std::size_t count() const override { return kThreads; }
  void wake(std::size_t which, std::int64_t sent_ns) override { boxes_[which]->put(sent_ns); }
  std::uint64_t answers(std::size_t which) const override { return sleepers_[which].answered(); }
  Histogram finish() override {
    stop();
    Histogram all;
    for (const Sleeper& sleeper : sleepers_) all.merge(sleeper.latency_ns);
    return all;
  }

 private:
  static void sleep_at(Mailbox& box, Sleeper& sleeper) {
    if (!is_oversubscribed(2)) (void)platform::pin_this_thread(usable_cores()[1]);
    for (;;) {
      const std::int64_t sent_ns = box.take();
      if (sent_ns == kStop) return;
      sleeper.answer(sent_ns);
    }
  }
  void stop() {
    for (std::size_t i = 0; i < threads_.size(); ++i) boxes_[i]->put(kStop);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::vector<Sleeper> sleepers_;
  std::vector<std::unique_ptr<Mailbox>> boxes_;
  std::vector<std::thread> threads_;
};

}  // namespace

void Sleeper::answer(std::int64_t sent_ns) {
  latency_ns.record(static_cast<std::uint64_t>(monotonic_ns() - sent_ns));
  // Relaxed: a count that the waking thread waits for; see answered().
  answers.fetch_add(1, std::memory_order_relaxed);
}

IdlePeer mailbox_peer(std::string name, std::function<std::unique_ptr<Mailbox>()> make) {
  return {std::move(name), [make = std::move(make)] { return std::make_unique<MailboxSleepers>(make); }};
}

}  // namespace sluice::bench

#include "sluice/bus/runner.hpp"

#include <system_error>

#include "bus/backstop.hpp"
#include "bus/runner_core.hpp"

namespace sluice {

namespace detail {

namespace {

void set_and_wake(log::Atomic<std::uint32_t>& word) noexcept {
  // SYNC runner-done: everything the thread did so far.
  word.store(1, std::memory_order_release);
  log::Machine::futex_wake_all(word);
}

}  // namespace

RunnerCore::RunnerCore(std::shared_ptr<SubscriptionState> subscription, std::unique_ptr<Pump> pump,
                       RunOptions options)
    : subscription_(std::move(subscription)), pump_(std::move(pump)), options_(std::move(options)) {}

RunnerCore::~RunnerCore() {
  // The thread holds a share of us while it runs, so it is done or it is the one that is here.
  if (!thread_.joinable()) return;
  if (is_this_thread()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

Result<void> RunnerCore::start() {
  std::uint64_t nobody = 0;
  // Relaxed: a claim on the right to run it; ports change hands by the turnstile.
  if (!subscription_->runner.compare_exchange_strong(nobody, ~std::uint64_t{0}, std::memory_order_relaxed,
                                                     std::memory_order_relaxed)) {
    set_and_wake(done_);  // the core knows of us already
    return Error{ErrorCode::busy,
                 "subscription \"" + subscription_->name +
                     "\" is run by a bus thread already: stop that runner first, or subscribe "
                     "once more"};
  }
  try {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  } catch (const std::system_error& failure) {
    subscription_->runner.store(0, std::memory_order_relaxed);  // as above
    set_and_wake(done_);
    return Error{ErrorCode::system_error, std::string("no thread could be started to run subscription \"") +
                                              subscription_->name + "\": " + failure.what()};
  }
  // SYNC runner-done: what setting the thread up came to.
  while (started_.load(std::memory_order_acquire) == 0) log::Machine::futex_wait(started_, 0, kBackstop);
  if (!set_up_) join();
  return set_up_;
}

void RunnerCore::run() noexcept {
  // Relaxed: only this thread finds its own number there.
  thread_id_.store(platform::current_thread_id(), std::memory_order_relaxed);
  subscription_->runner.store(platform::current_thread_id(), std::memory_order_relaxed);
  platform::name_this_thread(options_.name.empty() ? subscription_->name : options_.name);
  if (options_.cpu) set_up_ = platform::pin_this_thread(*options_.cpu);
  const bool set_up = set_up_.has_value();
  set_and_wake(started_);
  const WaitStrategy wait = options_.wait.value_or(subscription_->options.wait);
  // Relaxed: a stop takes effect a batch later at worst; the waker's word carries it to a sleeper.
  while (set_up && !stop_.load(std::memory_order_relaxed)) {
    PollResult result;
    try {
      result = pump_->poll(*subscription_, options_.batch);
    } catch (const std::exception& thrown) {
      report(thrown.what());
      continue;
    } catch (...) {
      report("something that is not a std::exception");
      continue;
    }
    if (result.ended()) break;
    if (result.events == 0) (void)subscription_->wait(wait, std::chrono::nanoseconds(-1));
  }
  pump_.reset();
  subscription_->runner.store(0, std::memory_order_relaxed);  // as in start
  set_and_wake(done_);
}

void RunnerCore::report(std::string what) noexcept {
  exceptions_.add();
  subscription_->exceptions.add();
  subscription_->core->keeper().notify({ErrorCode::system_error, subscription_->name,
                                        "a handler of subscription \"" + subscription_->name +
                                            "\" threw: " + what + "; its event counts as handled"});
}

void RunnerCore::stop() noexcept {
  stop_.store(true, std::memory_order_relaxed);  // released by the nudge
  subscription_->nudge();
}

void RunnerCore::join() noexcept {
  if (is_this_thread()) return;
  while (running()) log::Machine::futex_wait(done_, 0, kBackstop);
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

bool RunnerCore::join(const Deadline& deadline) noexcept {
  while (running()) {
    if (deadline.passed()) return false;
    log::Machine::futex_wait(done_, 0, std::min(deadline.left(), kBackstop));
  }
  return true;
}

}  // namespace detail

Runner::Runner(std::shared_ptr<detail::RunnerCore> core) noexcept : core_(std::move(core)) {}
Runner::Runner(Runner&&) noexcept = default;
Runner& Runner::operator=(Runner&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
  }
  return *this;
}
Runner::~Runner() {
  end();
}

void Runner::end() noexcept {
  if (core_ == nullptr) return;
  if (!core_->is_home()) return platform::abandon(std::move(core_));
  core_->stop();
  core_->join();
}
void Runner::stop() noexcept {
  if (core_->is_home()) core_->stop();
}
void Runner::join() noexcept {
  if (core_->is_home()) core_->join();
}
bool Runner::running() const noexcept {
  return core_->is_home() && core_->running();
}
std::uint64_t Runner::exceptions() const noexcept {
  return core_->exceptions();
}

}  // namespace sluice

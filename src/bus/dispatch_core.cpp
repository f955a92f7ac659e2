// A dispatcher's handlers: how they are added, removed and freed while events flow.
#include "bus/dispatch_core.hpp"

#include <new>

#include "bus/backstop.hpp"
#include "bus/core.hpp"

namespace sluice::detail {

namespace {

std::string_view take_token(std::string_view& text) noexcept {
  const std::size_t dot = text.find('.');
  const std::string_view token = text.substr(0, dot);
  text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  return token;
}

/// Whether some topic matches both.
bool overlap(const Pattern& left, const Pattern& right) noexcept {
  std::string_view a = left.text();
  std::string_view b = right.text();
  while (!a.empty() && !b.empty()) {
    const std::string_view x = take_token(a);
    const std::string_view y = take_token(b);
    if (x == ">" || y == ">") return true;  // the other one has a token here
    if (x != y && x != "*" && y != "*") return false;
  }
  return a.empty() && b.empty();
}

}  // namespace

DispatchCore::DispatchCore(std::shared_ptr<SubscriptionState> subscription)
    : subscription_(std::move(subscription)),
      topics_(subscription_->core->topics()),
      routes_(topics_.options().max_topics) {}

bool DispatchCore::is_home() const noexcept {
  return subscription_->core->is_home();
}

DispatchCore::Retired::~Retired() {
  for (const auto& [number, added] : handlers) {
    if (added.is_closed) added.handler->drop();
  }
}

Result<std::vector<ShardPosition>> DispatchCore::add(std::string_view topic,
                                                     const std::shared_ptr<DispatchHandler>& handler) {
  try {
    if (auto home = subscription_->core->check_home(); !home) return std::move(home).error();
    const auto pattern = Pattern::parse(topic);
    if (!pattern) return pattern.error();
    if (auto possible = check(*pattern); !possible) return std::move(possible).error();
    return add_or_throw(*pattern, handler);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "no memory for a handler of \"" + std::string(topic) + "\""};
  }
}

Result<void> DispatchCore::check(const Pattern& pattern) const {
  const Pattern& widest = subscription_->filter->pattern();
  if (overlap(pattern, widest)) return {};
  return Error{ErrorCode::invalid_option,
               "a handler of \"" + pattern.text() + "\" would never be called: dispatcher \"" +
                   subscription_->name + "\" sees \"" + widest.text() +
                   "\"; ask for topics in that, or open the dispatcher with a wider topic"};
}

Result<void> DispatchCore::check_open() const {
  const auto ended = [this](ErrorCode code, std::string_view what) {
    return Error{code, "dispatcher \"" + subscription_->name + "\" takes no handler: " + std::string(what)};
  };
  // Who learns of an end too late adds a handler that hears nothing.
  const std::uint32_t asked = subscription_->turnstile.asked();
  if ((asked & kEvicted) != 0)
    return ended(ErrorCode::evicted, "it was evicted, because it held publishers back");
  if ((asked & kCancelled) != 0) return ended(ErrorCode::cancelled, "it was cancelled");
  if (subscription_->core->closed()) return ended(ErrorCode::closed, "the bus is closed");
  return {};
}

Result<std::vector<ShardPosition>> DispatchCore::add_or_throw(
    const Pattern& pattern, const std::shared_ptr<DispatchHandler>& handler) {
  if (auto open = check_open(); !open) return std::move(open).error();
  Added added{handler, std::nullopt, pattern};
  if (pattern.is_exact()) {
    const auto topic = topics_.intern(pattern.text());
    if (!topic) return topic.error();
    added.topic_id = (*topic)->id();
    handler->cover((*topic)->shard(), 1);
  } else {
    handler->cover(0, subscription_->core->shard_count());
  }
  std::vector<ShardPosition> from;
  for (const Port& port : *subscription_) {
    if (handler->covers(port.shard->context.shard)) from.push_back({port.shard->context.shard, 0});
  }

  const Retired unreachable = [&] {
    const std::lock_guard lock(mutex_);
    handler->number() = ++added_count_;
    Handlers& among = added.topic_id ? exact_ : patterns_;
    const auto place = among.emplace(handler->number(), std::move(added)).first;
    try {
      hook(place->second);
    } catch (...) {
      among.erase(place);
      throw;
    }
    log::begin_deciding<log::Machine>(handler->starts());
    for (ShardPosition& shard : from)
      shard.position = log::decide_start(handler->start(shard.shard), log_end(shard.shard));
    return take_unreachable();
  }();
  return from;
}

std::uint64_t DispatchCore::log_end(std::uint32_t shard) const noexcept {
  return subscription_->core->shard(shard).ring.tail();
}

/// Everything that can fail comes first.
void DispatchCore::hook(const Added& added) {
  std::vector<RouteTable::Change> changes;
  if (added.topic_id) {
    (void)resolve_locked(*added.topic_id);
    changes.push_back(routes_.plan_with(*added.topic_id, *added.handler));
  } else {
    for (std::uint32_t id = 0; id < routes_.end(); ++id) {
      if (routes_.find(id).is_known() && added.pattern.matches(topics_.by_id(id)->name()))
        changes.push_back(routes_.plan_with(id, *added.handler));
    }
  }
  for (auto& change : changes) routes_.apply(std::move(change));
  if (routes_.retired != nullptr) retirement_.note_retired();
}

Route DispatchCore::resolve(std::uint32_t topic_id) {
  const std::lock_guard lock(mutex_);
  return resolve_locked(topic_id);
}

/// Whoever asks for one topic by name has made its route, so only patterns can be missing from it.
Route DispatchCore::resolve_locked(std::uint32_t topic_id) {
  if (const Route known = routes_.find(topic_id); known.is_known()) return known;
  const std::string_view name = topics_.by_id(topic_id)->name();
  std::vector<DispatchHandler*> handlers;
  for (const auto& [number, added] : patterns_) {
    if (added.pattern.matches(name)) handlers.push_back(added.handler.get());
  }
  routes_.apply(routes_.plan(topic_id, handlers));
  return routes_.find(topic_id);
}

void DispatchCore::remove(DispatchHandler& handler) noexcept {
  if (!is_home()) return;
  log::remove_starts(handler.starts());
  const Retired unreachable = [&] {
    const std::lock_guard lock(mutex_);
    for (Handlers* among : {&exact_, &patterns_}) {
      if (const auto added = among->find(handler.number()); added != among->end()) retire(*among, added);
    }
    retirement_.fence_off();
    return take_unreachable();
  }();
}

void DispatchCore::close() noexcept {
  const Retired unreachable = [&] {
    const std::lock_guard lock(mutex_);
    for (Handlers* among : {&exact_, &patterns_}) {
      for (auto& [number, added] : *among) {
        log::remove_starts(added.handler->starts());
        added.is_closed = true;
      }
      retired_.handlers.merge(*among);
    }
    routes_.clear();
    retirement_.note_retired();
    retirement_.fence_off();
    return take_unreachable();
  }();
}

void DispatchCore::retire(Handlers& from, Handlers::iterator added) noexcept {
  const DispatchHandler& handler = *added->second.handler;
  if (added->second.topic_id) {
    routes_.unhook(*added->second.topic_id, handler);
  } else {
    routes_.unhook(handler);
  }
  retired_.handlers.insert(from.extract(added));  // the node moves: nothing is allocated
  retirement_.note_retired();
}

DispatchCore::Retired DispatchCore::take_unreachable() noexcept {
  if (!retirement_.take_note_if_unreachable()) return {};
  retired_.lists = std::move(routes_.retired);
  return std::exchange(retired_, {});
}

void DispatchCore::free_unreachable() noexcept {
  if (!is_home()) return;
  const Retired unreachable = [&] {
    const std::lock_guard lock(mutex_);
    retirement_.fence_off();  // for a poll that has begun since
    return take_unreachable();
  }();
}

bool DispatchCore::await(const DispatchHandler& handler) noexcept {
  if (!retirement_.is_running(handler)) return true;
  if (is_polled_here(*subscription_)) return false;
  retirement_.await(handler, kBackstop);
  return true;
}

}  // namespace sluice::detail

#include "flow_publisher.hpp"

#include <algorithm>

namespace trading {
namespace {

template <class T>
sluice::TypedPublisher<T> publisher_of(sluice::Bus& bus, std::string_view symbol, Kind kind) {
  return bus.publisher<T>(topic_of(symbol, kind)).value();
}

}  // namespace

FlowPublisher::FlowPublisher(sluice::Bus& bus, std::string_view symbol, PublishTiming timing)
    : submissions_(publisher_of<Submission>(bus, symbol, Kind::submission)),
      cancellations_(publisher_of<Cancellation>(bus, symbol, Kind::cancellation)),
      deletions_(publisher_of<Deletion>(bus, symbol, Kind::deletion)),
      executions_(publisher_of<Execution>(bus, symbol, Kind::execution)),
      hidden_executions_(publisher_of<HiddenExecution>(bus, symbol, Kind::hidden)),
      crosses_(publisher_of<Cross>(bus, symbol, Kind::cross)),
      halts_(publisher_of<Halt>(bus, symbol, Kind::halt)),
      days_(publisher_of<DayMarker>(bus, symbol, Kind::day)),
      timing_(timing) {}

bool FlowPublisher::publish(const OrderMessage& message) noexcept {
  const auto& [time_ns, order_id, price, size, side, type] = message;
  switch (type) {
    case MessageType::submission:
      return publish(submissions_, Kind::submission, Submission{time_ns, order_id, price, size, side});
    case MessageType::cancellation:
      return publish(cancellations_, Kind::cancellation, Cancellation{time_ns, order_id, price, size, side});
    case MessageType::deletion:
      return publish(deletions_, Kind::deletion, Deletion{time_ns, order_id, price, size, side});
    case MessageType::execution:
      if (!publish(executions_, Kind::execution, Execution{time_ns, order_id, price, size, side}))
        return false;
      turnover_.add(size, price);
      return true;
    case MessageType::hidden_execution:
      if (!publish(hidden_executions_, Kind::hidden, HiddenExecution{time_ns, price, size, side}))
        return false;
      turnover_.add(size, price);
      return true;
    case MessageType::cross:
      return publish(crosses_, Kind::cross, Cross{time_ns, price, size});
    case MessageType::halt:
      return publish(halts_, Kind::halt, Halt{time_ns, price});
  }
  return true;
}

bool FlowPublisher::publish(const DayMarker& marker) noexcept {
  return publish(days_, Kind::day, marker);
}

template <class T>
bool FlowPublisher::publish(sluice::TypedPublisher<T>& publisher, Kind kind, const T& event) noexcept {
  const sluice::PublishResult result =
      --until_timed_ == 0 ? timed_publish(publisher, event) : publisher.publish(event);
  if (!result) {
    error_ = publisher.last_error().to_string();
    return false;
  }
  counts_.count(kind);
  const auto payload = std::as_bytes(std::span(&event, 1));
  topics_.add(kind, result.position, payload);
  checksum_.add(static_cast<std::uint64_t>(kind));
  checksum_.add(payload);
  return true;
}

template <class T>
sluice::PublishResult FlowPublisher::timed_publish(sluice::TypedPublisher<T>& publisher,
                                                   const T& event) noexcept {
  until_timed_ = timing_.every;
  const std::int64_t before = clock_.now_ns();
  const sluice::PublishResult result = publisher.publish(event);
  const std::int64_t took = clock_.now_ns() - before;
  latency_.record_corrected(static_cast<std::uint64_t>(std::max<std::int64_t>(took, 0)), timing_.interval_ns);
  return result;
}

}  // namespace trading

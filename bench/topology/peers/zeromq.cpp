// ZeroMQ over its inproc transport, with the pattern made for each shape: PAIR between two, PUSH and PULL for
// many to one and for groups (which it balances), XPUB and SUB for broadcast, told to wait instead of
// dropping. Both ends try again rather than sleep inside, which is the faster way with a core for each.
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <zmq.h>

#include "topology/peer.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

namespace {

constexpr int kRoom = static_cast<int>(kBacklog);

void require(bool succeeded, const char* what) {
  if (!succeeded) throw std::runtime_error(std::string("zeromq: ") + what + ": " + zmq_strerror(zmq_errno()));
}

/// Of one of ZeroMQ's handles. Sockets may go from one thread to another with a full fence between: here the
/// start and the end of the threads that use them.
struct Close {
  void operator()(void* socket) const noexcept { zmq_close(socket); }
};
struct Terminate {
  void operator()(void* context) const noexcept { zmq_ctx_term(context); }
};
using Socket = std::unique_ptr<void, Close>;
using Context = std::unique_ptr<void, Terminate>;

Socket open_socket(const Context& context, int type) {
  Socket socket(zmq_socket(context.get(), type));
  require(socket != nullptr, "can't open a socket");
  const int none = 0;
  zmq_setsockopt(socket.get(), ZMQ_LINGER, &none, sizeof none);
  // An inproc pipe holds what both ends allow together.
  const int half = kRoom / 2;
  zmq_setsockopt(socket.get(), ZMQ_SNDHWM, &half, sizeof half);
  zmq_setsockopt(socket.get(), ZMQ_RCVHWM, &half, sizeof half);
  return socket;
}

template <class M>
class SocketSender final : public Sender {
 public:
  SocketSender(void* socket, Idle idle) : idle_(idle), socket_(socket) {}

  void send(std::uint64_t first, std::uint64_t count) override {
    send_one_by_one<M>(first, count, [&](const M& message) {
      while (zmq_send(socket_, &message, sizeof message, ZMQ_DONTWAIT) < 0) {
        require(zmq_errno() == EAGAIN, "can't send");
        idle_();
      }
    });
  }

 private:
  Idle idle_;
  void* socket_;
};

template <class M>
class SocketReceiver final : public Receiver {
 public:
  explicit SocketReceiver(void* socket) : socket_(socket) {}

  std::size_t receive(Tally& tally) override {
    return count_into(tally, [&](Tally& mine) {
      M message;
      while (mine.count < kMost) {
        if (zmq_recv(socket_, &message, sizeof message, ZMQ_DONTWAIT) < 0) {
          require(zmq_errno() == EAGAIN, "can't receive");
          return;
        }
        mine.add(message);
      }
    });
  }

 private:
  void* socket_;
};

template <class M>
class InprocTransport final : public Transport {
 public:
  explicit InprocTransport(const FlowPlan& plan) : plan_(plan), context_(zmq_ctx_new()) {
    const bool one_receives = plan.producers > 1;
    const bool broadcasts = plan.consumers > 1 && !plan.groups();
    const bool one_each = plan.producers == 1 && plan.consumers == 1;
    const int sends = one_each ? ZMQ_PAIR : broadcasts ? ZMQ_XPUB : ZMQ_PUSH;
    const int receives = one_each ? ZMQ_PAIR : broadcasts ? ZMQ_SUB : ZMQ_PULL;
    for (std::size_t i = 0; i < plan.producers; ++i) senders_.push_back(open_socket(context_, sends));
    for (std::size_t i = 0; i < plan.consumers; ++i) receivers_.push_back(open_socket(context_, receives));

    // Whoever is alone binds, the others connect.
    std::vector<Socket>& alone = one_receives ? receivers_ : senders_;
    std::vector<Socket>& others = one_receives ? senders_ : receivers_;
    require(zmq_bind(alone.front().get(), "inproc://bench") == 0, "can't bind");
    for (const Socket& other : others) {
      require(zmq_connect(other.get(), "inproc://bench") == 0, "can't connect");
    }
    if (broadcasts) subscribe_all();
  }

  std::unique_ptr<Sender> sender(std::size_t producer) override {
    return std::make_unique<SocketSender<M>>(senders_[producer].get(), Idle(plan_.oversubscribed()));
  }
  std::unique_ptr<Receiver> receiver(std::size_t consumer) override {
    return std::make_unique<SocketReceiver<M>>(receivers_[consumer].get());
  }

 private:
  /// Returns when the publisher knows of every subscription.
  void subscribe_all() {
    void* publisher = senders_.front().get();
    const int yes = 1;
    require(zmq_setsockopt(publisher, ZMQ_XPUB_NODROP, &yes, sizeof yes) == 0, "can't forbid drops");
    require(zmq_setsockopt(publisher, ZMQ_XPUB_VERBOSE, &yes, sizeof yes) == 0,
            "can't ask for subscriptions");
    for (const Socket& receiver : receivers_) {
      require(zmq_setsockopt(receiver.get(), ZMQ_SUBSCRIBE, "", 0) == 0, "can't subscribe");
    }
    for (std::size_t i = 0; i < receivers_.size(); ++i) {
      char subscription = 0;
      require(zmq_recv(publisher, &subscription, 1, 0) >= 0, "can't wait for subscriptions");
    }
  }

  FlowPlan plan_;
  Context context_;
  std::vector<Socket> senders_;
  std::vector<Socket> receivers_;
};

}  // namespace

std::vector<Peer> zeromq_peers() {
  return {{.name = "zeromq_inproc",
           .fits = any_plan,
           .make = maker(
               []<class M>(const FlowPlan& plan) { return std::make_unique<InprocTransport<M>>(plan); }),
           .exchange_every_ns = 50'000,
           .first_amount = 2'000}};
}

}  // namespace sluice::bench

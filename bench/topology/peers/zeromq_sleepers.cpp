// ZeroMQ's inproc PAIR, received from by sleeping in its `zmq_recv`.
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include <zmq.h>

#include "topology/sleepers.hpp"

namespace sluice::bench {

namespace {

class PairBox final : public Mailbox {
 public:
  PairBox()
      : context_(zmq_ctx_new()),
        here_(zmq_socket(context_, ZMQ_PAIR)),
        there_(zmq_socket(context_, ZMQ_PAIR)) {
    if (zmq_bind(here_, "inproc://box") != 0 || zmq_connect(there_, "inproc://box") != 0) {
      throw std::runtime_error("zeromq: can't connect two sockets");
    }
  }
  ~PairBox() override {
    zmq_close(here_);
    zmq_close(there_);
    zmq_ctx_term(context_);
  }

  void put(std::int64_t value) override { zmq_send(there_, &value, sizeof value, 0); }
  std::int64_t take() override {
    std::int64_t value = 0;
    zmq_recv(here_, &value, sizeof value, 0);
    return value;
  }

 private:
  void* context_;
  void* here_;
  void* there_;
};

}  // namespace

std::vector<IdlePeer> zeromq_sleepers() {
  return {mailbox_peer("zeromq_inproc", [] { return std::make_unique<PairBox>(); })};
}

}  // namespace sluice::bench

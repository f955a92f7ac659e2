#include <iterator>
#include <utility>

#include "topology/peer.hpp"

namespace sluice::bench {

namespace {

void append(std::vector<Peer>& all, std::vector<Peer> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

}  // namespace

const std::vector<Peer>& all_peers() {
  static const std::vector<Peer> peers = [] {
    std::vector<Peer> all = sluice_peers();
    append(all, bare_ring_peers());
#ifdef SLUICE_BENCH_MOODYCAMEL
    append(all, moodycamel_peers());
#endif
#ifdef SLUICE_BENCH_READERWRITERQUEUE
    append(all, readerwriterqueue_peers());
#endif
#ifdef SLUICE_BENCH_ATOMIC_QUEUE
    append(all, atomic_queue_peers());
#endif
#ifdef SLUICE_BENCH_BOOST
    append(all, boost_spsc_peers());
    append(all, boost_signals2_peers());
#endif
    append(all, mutex_deque_peers());
#ifdef SLUICE_BENCH_ZEROMQ
    append(all, zeromq_peers());
#endif
    return all;
  }();
  return peers;
}

}  // namespace sluice::bench

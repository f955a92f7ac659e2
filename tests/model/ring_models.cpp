#include "model/catalogue.hpp"
#include "model/support.hpp"

namespace sluice::model {

std::vector<Model> ring_models() {
  return {{.name = "ring: a reader gets every record once and in order while the ring is lapped",
           .setup = [](Scenario& s) {
             auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64});
             s.thread("producer", [m] {
               Publisher producer(*m);
               for (std::uint64_t number = 1; number <= 3; ++number) producer.publish(number);
             });
             s.thread("reader", [m] {
               GateReader reader(*m);
               for (std::uint64_t number = 1; number <= 3; ++number)
                 require(reader.next().number == number, "in order, none missing or seen twice");
             });
           }}};
}

}  // namespace sluice::model

#include "tools/command_line.hpp"

int main(int argc, char** argv) {
  return sluice::tools::run(argc, argv);
}

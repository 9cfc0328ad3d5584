// Tests of generators: Halide's own command line driver with sepconv's generators and schedules.
#include <Halide.h>

#include "schedules/schedule.h"

int main(int argc, char** argv) {
  sepconv::schedules::install();
  return Halide::Internal::generate_filter_main(argc, argv);
}

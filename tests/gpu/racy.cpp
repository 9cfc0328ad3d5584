// Tests of gpu: launches OpenCL code that is wrong as the first argument says ("race" or "bounds"),
// so that a test can see that the checker sees. Knows no layer.
#include <cstdio>
#include <string>

#include "runtime/src/device.h"

namespace {

const char* const kRace =
    "__kernel void bad(__global float *out, __local float *one) {\n"
    "  one[0] = (float)get_local_id(0); out[get_local_id(0)] = one[0]; }\n";
const char* const kBounds =
    "__kernel void bad(__global float *out, __local float *one) {\n"
    "  out[get_local_id(0) + 8] = 1.0f; }\n";

}  // namespace

int main(int argc, char** argv) {
  const sepconv_driver* driver = sepconv_opencl();
  sepconv_queue queue{};
  sepconv_loaded loaded{};
  sepconv_memory out{};
  sepconv_launch launch{};
  launch.source = argc > 1 && std::string(argv[1]) == "race" ? kRace : kBounds;
  launch.kernel = "bad";
  launch.grid[0] = launch.grid[1] = launch.grid[2] = 1;
  launch.block[0] = 8, launch.block[1] = launch.block[2] = 1;
  launch.argument_count = 1;
  if (driver->features == 0 || driver->open(&queue, nullptr) != SEPCONV_OK ||
      driver->load(&queue, &launch, &loaded) != SEPCONV_OK ||
      driver->allocate(&queue, 8 * sizeof(float), &out.handle) != SEPCONV_OK ||
      driver->launch(&queue, &launch, &loaded, &out) != SEPCONV_OK ||
      driver->finish(&queue) != SEPCONV_OK) {
    return 1;
  }
  std::puts("ran");
  driver->unload(&queue, &loaded);
  driver->release(&queue, out.handle);
  driver->close(&queue);
}

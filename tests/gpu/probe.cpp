// Tests of gpu: prints which devices the runtime finds, as a number. Knows no test.
#include <cinttypes>
#include <cstdio>

#include "runtime/src/cpu.h"

int main() { std::printf("%" PRIu64 "\n", sepconv_device_features()); }

// Bench, device program: one layer's time on a device. Knows no file.
#pragma once

#include <string>

#include "bench/device/driver.h"
#include "spec/layer.h"

namespace sepconv::bench::device {

struct Ceilings {
  double peak_gflops = 0, bandwidth_gbs = 0;
};

/// Times the layer's kernel with all its data on the device, many launches between two waits, and
/// prints its row. 1 when that was not possible, else 0.
int print_row(const std::string& library, const spec::Layer& layer, const Ceilings& ceilings);

}  // namespace sepconv::bench::device

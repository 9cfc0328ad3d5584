// Targets: how fast cores move data, as plain data. Knows no layer and no schedule.
#include "targets/rates.h"

namespace sepconv::targets {
namespace {

struct Rates {
  std::string_view core;
  std::array<double, 4> bytes;
};

// Bandwidths that bench measured over the clock that its peak implies. Last caches and memory of
// servers are shared: theirs are what a guest saw.
constexpr Rates kRates[] = {{"sapphirerapids", {108, 29, 10, 4}}, {"zen4", {59, 30, 20, 6}}};
constexpr std::array<double, 4> kCommon = {64, 32, 12, 5};

}  // namespace

std::array<double, 4> level_bytes(std::string_view core) {
  for (const Rates& rates : kRates) {
    if (rates.core == core) return rates.bytes;
  }
  return kCommon;
}

}  // namespace sepconv::targets

/* Runtime: what libraries without device code have in place of device.c. Knows no device. */
#include "cpu.h"
#include "internal.h"

uint64_t sepconv_device_features(uint64_t wanted) {
  (void)wanted;
  return 0;
}

sepconv_status sepconv_device_run(const sepconv_kernel* kernel, const sepconv_variant* variant,
                                  const sepconv_call* call) {
  (void)kernel, (void)variant, (void)call;
  return SEPCONV_NO_DEVICE;
}

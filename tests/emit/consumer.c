/* An app as C99 and as C++17: prints what two libraries say of their kernels. */
#include <stdio.h>

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif
size_t one_count(void);
const sepconv_kernel* one_at(size_t);
const sepconv_kernel* one_find(const char*);
const sepconv_kernel* one_first(void);
const sepconv_kernel* two_first(void);
size_t two_count(void);
#ifdef __cplusplus
}
#endif

int main(void) {
  const sepconv_kernel* k = one_first();
  const sepconv_kernel_impl* impl = k->impl;
  const sepconv_phase* phase = &impl->variants[0].phases[0];
  uint32_t tasks = 0;
  size_t workspace = 0;
  const char* target = "";
  k->query(k, 0, &tasks, &workspace, &target);
  printf("%d %d %s %s %s %d %s %d\n", (int)one_count(), (int)two_count(), k->layer,
         k->canonical_name, k->layout, (int)k->abi_version, k->dtype, (int)k->element_bytes);
  printf("%d %d %d %d\n", (int)k->input.extent[3], (int)k->output.stride[2], (int)k->packed_bytes,
         (int)impl->layer_hash);
  printf("%d %d %d %d\n", (int)impl->parts[0].role, (int)impl->parts[0].bytes,
         (int)impl->parts[0].extents[4], (int)impl->part_count);
  printf("%u %d %s %d %d %d\n", tasks, (int)workspace, target, (int)phase->output_hwc[2],
         (int)phase->input_offset, (int)phase->part_count);
  printf("%d %d %d\n", one_find("first") == k, one_find("nothing") == 0, one_at(1)->impl == impl);
  printf("%d %d\n", two_first() != k, k->run(k, 0, 0, 1, 1) == SEPCONV_OK);
  return 0;
}

/* Tests of runtime: sepconv.h in C99, in one of two translation units. */
#include <sepconv/sepconv.h>

int headers_c99_status(const sepconv_kernel* kernel);

int headers_c99_status(const sepconv_kernel* kernel) {
  sepconv_call call = {0};
  sepconv_weights weights = {0};
  call.input = sepconv_dense_nhwc(NULL, 1, 2, 3, 4);
  if (sepconv_workspace_bytes(kernel, &call) != 0 || sepconv_packed_bytes(kernel) != 0) return -1;
  if (sepconv_tasks(kernel, &call) != 0 || sepconv_target(kernel) != NULL) return -2;
  if (sepconv_pack(kernel, SEPCONV_OIHW, &weights, NULL, 0) != sepconv_run(kernel, &call))
    return -3;
  return (int)sepconv_run_tasks(kernel, &call, 0, 1);
}

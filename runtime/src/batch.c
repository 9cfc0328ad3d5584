/* Runtime: fewer images than a kernel computes at a time, in a copy of as many. Knows no
 * thread and no kernel code. */
#include "internal.h"

static size_t tensor_bytes(const sepconv_tensor* compiled, size_t element_bytes, int64_t images) {
  sepconv_tensor tensor = *compiled;
  tensor.extent[0] = images;
  const size_t bytes = (size_t)sepconv_tensor_bytes(&tensor, (int64_t)element_bytes);
  return (bytes + SEPCONV_ALIGNMENT - 1) / SEPCONV_ALIGNMENT * SEPCONV_ALIGNMENT;
}

size_t sepconv_copied_bytes(const sepconv_kernel* kernel, int64_t images) {
  const size_t element = kernel->element_bytes;
  return tensor_bytes(&kernel->input, element, images) +
         tensor_bytes(&kernel->output, element, images) +
         (sepconv_has_residual(kernel) ? tensor_bytes(&kernel->residual, element, images) : 0);
}

static void take_images(sepconv_tensor* tensor, size_t element_bytes, int64_t first,
                        int64_t count) {
  const int64_t image = tensor->stride[0] * (int64_t)element_bytes;
  tensor->data = (unsigned char*)tensor->data + first * image;
  tensor->extent[0] = count;
}

void sepconv_take_images(const sepconv_kernel* kernel, sepconv_call* call, int64_t first,
                         int64_t count) {
  const size_t element = kernel->element_bytes;
  take_images(&call->input, element, first, count);
  take_images(&call->output, element, first, count);
  if (sepconv_has_residual(kernel)) take_images(&call->residual, element, first, count);
}

/* The memory after the copy. */
static unsigned char* copy_in(sepconv_tensor* tensor, size_t element_bytes, int64_t images,
                              unsigned char* memory) {
  const size_t bytes = tensor_bytes(tensor, element_bytes, images);
  memset(memory, 0, bytes);
  memcpy(memory, tensor->data, (size_t)sepconv_tensor_bytes(tensor, (int64_t)element_bytes));
  tensor->extent[0] = images;
  tensor->data = memory;
  return memory + bytes;
}

void sepconv_copy_in(const sepconv_kernel* kernel, sepconv_call* call, int64_t images,
                     unsigned char* memory) {
  const size_t element = kernel->element_bytes;
  memory = copy_in(&call->input, element, images, memory);
  if (sepconv_has_residual(kernel)) memory = copy_in(&call->residual, element, images, memory);
  call->output.extent[0] = images;
  call->output.data = memory;
}

void sepconv_copy_out(const sepconv_tensor* from, const sepconv_tensor* to, size_t element_bytes) {
  /* Pixels in nhwc are rows of elements; what lies between them is not the layer's. */
  const size_t pixel = (size_t)to->stride[2] * element_bytes;
  const size_t bytes = (size_t)to->extent[3] * element_bytes;
  const int64_t pixels = to->extent[0] * to->extent[1] * to->extent[2];
  for (size_t i = 0; i < (size_t)pixels; ++i) {
    memcpy((unsigned char*)to->data + i * pixel, (const unsigned char*)from->data + i * pixel,
           bytes);
  }
}

/* Runtime: finds out what is wrong with a call before anything is touched. Knows no schedule. */
#include "internal.h"

typedef struct range {
  uintptr_t begin;
  uint64_t bytes;
} range;

static range range_of(const void* data, uint64_t bytes) {
  const range result = {(uintptr_t)data, bytes};
  return result;
}

static int overlap(range a, range b) {
  if (a.bytes == 0 || b.bytes == 0) return 0;
  return a.begin < b.begin ? b.begin - a.begin < a.bytes : a.begin - b.begin < b.bytes;
}

int64_t sepconv_tensor_bytes(const sepconv_tensor* tensor, int64_t element_bytes) {
  int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    if (tensor->extent[i] <= 0) return 0;
    last += (tensor->extent[i] - 1) * tensor->stride[i];
  }
  return (last + 1) * element_bytes;
}

sepconv_status sepconv_check_batch(const sepconv_kernel* kernel, const sepconv_variant* variant,
                                   int64_t n) {
  const sepconv_tensor* tensors[2] = {&kernel->input, &kernel->output};
  if (n < 0) return SEPCONV_BAD_EXTENT;
  for (int i = 0; i < 2; ++i) {
    const int64_t image = tensors[i]->stride[0] * (int64_t)kernel->element_bytes;
    int64_t bytes;
    if (__builtin_mul_overflow(n, image, &bytes) || bytes > INT64_MAX / 2) {
      return SEPCONV_BAD_EXTENT;
    }
  }
  for (uint64_t i = 0; i < variant->phase_count; ++i) {
    int64_t tasks;
    if (__builtin_mul_overflow(n, variant->phases[i].tasks, &tasks) || tasks > UINT32_MAX) {
      return SEPCONV_BAD_EXTENT;
    }
  }
  return SEPCONV_OK;
}

static sepconv_status check_tensor(const sepconv_tensor* given, const sepconv_tensor* compiled,
                                   int64_t n, int64_t element_bytes) {
  for (int i = 0; i < 4; ++i) {
    if (given->extent[i] != (i == 0 ? n : compiled->extent[i])) return SEPCONV_BAD_EXTENT;
  }
  for (int i = 0; i < 4; ++i) {
    if (given->stride[i] != compiled->stride[i]) return SEPCONV_BAD_STRIDE;
  }
  if (n > 0 && given->data == NULL) return SEPCONV_NULL_POINTER;
  /* Elements have a power of two of bytes. */
  if (((uintptr_t)given->data & (uintptr_t)(element_bytes - 1)) != 0) return SEPCONV_MISALIGNED;
  return SEPCONV_OK;
}

sepconv_status sepconv_check_blob(const sepconv_kernel* kernel, const void* packed,
                                  size_t packed_bytes) {
  if (packed == NULL) return SEPCONV_NULL_POINTER;
  if ((uintptr_t)packed % SEPCONV_ALIGNMENT != 0) return SEPCONV_MISALIGNED;
  if (packed_bytes < kernel->packed_bytes) return SEPCONV_SHORT_BUFFER;
  const sepconv_blob_header* header = (const sepconv_blob_header*)packed;
  const sepconv_kernel_impl* impl = kernel->impl;
  const int right = header->magic == SEPCONV_BLOB_MAGIC && header->layer_hash == impl->layer_hash &&
                    header->packing_version == impl->packing_version &&
                    header->bytes == kernel->packed_bytes;
  return right ? SEPCONV_OK : SEPCONV_WRONG_BLOB;
}

/* Whether two views share an element. Views of different channels of the same pixels interleave
 * without sharing any. */
static int tensors_overlap(const sepconv_tensor* a, const sepconv_tensor* b,
                           int64_t element_bytes) {
  const range first = range_of(a->data, (uint64_t)sepconv_tensor_bytes(a, element_bytes));
  const range second = range_of(b->data, (uint64_t)sepconv_tensor_bytes(b, element_bytes));
  if (!overlap(first, second)) return 0;
  const int64_t pixel = a->stride[2];
  const int same_pixels = pixel == b->stride[2] && a->stride[3] == 1 && b->stride[3] == 1;
  if (!same_pixels) return 1;
  const int64_t bytes = (int64_t)(second.begin - first.begin);
  int64_t channel = bytes / element_bytes % pixel; /* of b's first in a's pixel */
  if (channel < 0) channel += pixel;
  return channel < a->extent[3] || channel + b->extent[3] > pixel;
}

static sepconv_status check_overlap(const sepconv_kernel* kernel, const sepconv_call* call,
                                    size_t workspace_bytes) {
  const int64_t element = (int64_t)kernel->element_bytes;
  const range output =
      range_of(call->output.data, (uint64_t)sepconv_tensor_bytes(&call->output, element));
  const range input =
      range_of(call->input.data, (uint64_t)sepconv_tensor_bytes(&call->input, element));
  const range packed = range_of(call->packed, kernel->packed_bytes);
  const range workspace = range_of(call->workspace, workspace_bytes);
  range residual = {0, 0};
  if (call->residual.data != NULL) {
    residual =
        range_of(call->residual.data, (uint64_t)sepconv_tensor_bytes(&call->residual, element));
    if (tensors_overlap(&call->output, &call->residual, element)) return SEPCONV_OVERLAP;
  }
  if (tensors_overlap(&call->output, &call->input, element) || overlap(output, packed) ||
      overlap(output, workspace) || overlap(workspace, input) || overlap(workspace, residual) ||
      overlap(workspace, packed)) {
    return SEPCONV_OVERLAP;
  }
  return SEPCONV_OK;
}

sepconv_status sepconv_check_tensors(const sepconv_kernel* kernel, const sepconv_tensor* input,
                                     const sepconv_tensor* residual, const sepconv_tensor* output) {
  const int64_t n = output->extent[0];
  const int64_t element = (int64_t)kernel->element_bytes;
  sepconv_status status = check_tensor(input, &kernel->input, n, element);
  if (status != SEPCONV_OK) return status;
  status = check_tensor(output, &kernel->output, n, element);
  if (status != SEPCONV_OK) return status;
  if (sepconv_has_residual(kernel)) return check_tensor(residual, &kernel->residual, n, element);
  return residual->data == NULL ? SEPCONV_OK : SEPCONV_BAD_ARGUMENT;
}

sepconv_status sepconv_check_call(const sepconv_kernel* kernel, const sepconv_call* call,
                                  size_t workspace_bytes) {
  sepconv_status status =
      sepconv_check_tensors(kernel, &call->input, &call->residual, &call->output);
  if (status != SEPCONV_OK) return status;
  status = sepconv_check_blob(kernel, call->packed, call->packed_bytes);
  if (status != SEPCONV_OK) return status;
  if (workspace_bytes > 0) {
    if (call->workspace == NULL) return SEPCONV_NULL_POINTER;
    if ((uintptr_t)call->workspace % SEPCONV_ALIGNMENT != 0) return SEPCONV_MISALIGNED;
    if (call->workspace_bytes < workspace_bytes) return SEPCONV_SHORT_WORKSPACE;
  }
  return check_overlap(kernel, call, workspace_bytes);
}

/* Runtime: one call of emitted code: its buffers and its crop of the output. Knows no thread. */
#include "buffers.h"
#include "internal.h"

enum { MAX_PARTS = 6, MAX_DIMENSIONS = 5, MAX_BUFFERS = MAX_PARTS + 3 };

typedef struct arguments {
  void* user_context;
  void* pointers[MAX_BUFFERS + 1]; /* the argv */
  sepconv_buffer buffers[MAX_BUFFERS];
  sepconv_dimension dimensions[MAX_BUFFERS][MAX_DIMENSIONS];
  uint32_t count;
} arguments;

/* A (c, x, y) view of one image, before any crop. */
typedef struct view {
  unsigned char* data;
  int64_t extents[3], strides[3];
  int64_t element_bytes;
} view;

static sepconv_buffer* add_buffer(arguments* all, unsigned char* host, int32_t dimensions,
                                  int64_t element_bytes) {
  const uint32_t i = all->count++;
  sepconv_buffer* buffer = &all->buffers[i];
  const sepconv_buffer filled = {.host = host,
                                 .type_code = SEPCONV_TYPE_FLOAT,
                                 .type_bits = (uint8_t)(8 * element_bytes),
                                 .type_lanes = 1,
                                 .dimensions = dimensions,
                                 .dim = all->dimensions[i]};
  *buffer = filled;
  all->pointers[i + 1] = buffer;
  return buffer;
}

static void set_dimension(sepconv_buffer* buffer, int i, int64_t min, int64_t extent,
                          int64_t stride) {
  const sepconv_dimension dimension = {(int32_t)min, (int32_t)extent, (int32_t)stride, 0};
  buffer->dim[i] = dimension;
}

/* An image of the call's tensor, or the dense tensor between two phases in the workspace. */
static view view_of(const sepconv_tensor* tensor, const int64_t hwc[3], int64_t image,
                    int64_t element_bytes) {
  view v = {(unsigned char*)tensor->data + image * tensor->stride[0] * element_bytes,
            {hwc[2], hwc[1], hwc[0]},
            {tensor->stride[3], tensor->stride[2], tensor->stride[1]},
            element_bytes};
  return v;
}

static view view_between(void* workspace, int64_t offset, const int64_t hwc[3],
                         int64_t element_bytes) {
  view v = {(unsigned char*)workspace + offset,
            {hwc[2], hwc[1], hwc[0]},
            {1, hwc[2], hwc[1] * hwc[2]},
            element_bytes};
  return v;
}

/* Rows are dense within an image, so that all its pixels are one row. */
static void flatten(view* v) {
  const int64_t pixels = v->extents[1] * v->extents[2];
  v->extents[1] = pixels;
  v->extents[2] = 1;
  v->strides[2] = pixels * v->strides[1];
}

static void add_view(arguments* all, const view* v) {
  sepconv_buffer* buffer = add_buffer(all, v->data, 3, v->element_bytes);
  for (int i = 0; i < 3; ++i) set_dimension(buffer, i, 0, v->extents[i], v->strides[i]);
}

static void add_parts(arguments* all, const sepconv_kernel_impl* impl, const sepconv_phase* phase,
                      const void* packed) {
  unsigned char* payload = (unsigned char*)packed + SEPCONV_BLOB_HEADER_BYTES;
  for (uint32_t i = 0; i < phase->part_count; ++i) {
    const sepconv_part* part = &impl->parts[phase->first_part + i];
    const int64_t bytes = part->dtype == SEPCONV_DTYPE_F16 ? 2 : 4;
    sepconv_buffer* buffer = add_buffer(all, payload + part->offset, 0, bytes);
    int64_t stride = 1;
    int32_t d = 0;
    for (; d < MAX_DIMENSIONS && part->extents[d] > 0; ++d) {
      set_dimension(buffer, d, 0, part->extents[d], stride);
      stride *= part->extents[d];
    }
    buffer->dimensions = d;
  }
}

static void add_output(arguments* all, const view* v, const sepconv_phase* phase, int64_t first,
                       int64_t count) {
  const int axis = phase->axis == SEPCONV_AXIS_CHANNELS ? 0
                   : phase->axis == SEPCONV_AXIS_PIXELS ? 1
                                                        : 2;
  const int64_t min = first * phase->grain;
  /* The last task takes what a whole grain leaves over. */
  const int64_t end =
      first + count == phase->tasks ? v->extents[axis] : (first + count) * phase->grain;
  add_view(all, v);
  sepconv_buffer* buffer = &all->buffers[all->count - 1];
  set_dimension(buffer, axis, min, end - min, v->strides[axis]);
  buffer->host += min * v->strides[axis] * v->element_bytes;
}

int64_t sepconv_phase_extent(const sepconv_phase* phase) {
  const int64_t* hwc = phase->output_hwc;
  return phase->axis == SEPCONV_AXIS_CHANNELS ? hwc[2]
         : phase->axis == SEPCONV_AXIS_PIXELS ? hwc[0] * hwc[1]
                                              : hwc[0];
}

int sepconv_run_phase(const sepconv_kernel* kernel, const sepconv_call* call,
                      const sepconv_phase* phase, int64_t image, int64_t first, int64_t count,
                      sepconv_slot* slot) {
  const sepconv_kernel_impl* impl = kernel->impl;
  const int64_t element = (int64_t)kernel->element_bytes;
  const int flat = (phase->flags & SEPCONV_PHASE_FLAT) != 0;
  view input = phase->input_offset < 0 ? view_of(&call->input, phase->input_hwc, image, element)
                                       : view_between(call->workspace, phase->input_offset,
                                                      phase->input_hwc, impl->between_bytes);
  view output = phase->output_offset < 0 ? view_of(&call->output, phase->output_hwc, image, element)
                                         : view_between(call->workspace, phase->output_offset,
                                                        phase->output_hwc, impl->between_bytes);
  if (flat) flatten(&input), flatten(&output);
  arguments all;
  all.count = 0;
  all.user_context = slot;
  all.pointers[0] = &all.user_context;
  add_view(&all, &input);
  add_parts(&all, impl, phase, call->packed);
  if ((phase->flags & SEPCONV_PHASE_RESIDUAL) != 0) {
    const sepconv_tensor* tensor = impl->residual_is_input ? &call->input : &call->residual;
    view residual = view_of(tensor, phase->output_hwc, image, element);
    if (flat) flatten(&residual);
    add_view(&all, &residual);
  }
  add_output(&all, &output, phase, first, count);
  return phase->function(all.pointers) == 0;
}

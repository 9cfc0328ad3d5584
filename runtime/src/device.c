/* Runtime: a kernel on a device: its code, weights and memory there, and its calls. Knows no
 * driver's functions. A few lines over 300: the life of a session in one place. */
#include "device.h"

/* Behind sepconv_gpu's reserved words, and behind sepconv_launch's state. */
typedef struct session {
  int32_t driver_error; /* public */
  int32_t opened;
  const sepconv_kernel* kernel;
  const sepconv_variant* variant;
  const sepconv_driver* driver;
  sepconv_queue queue;
  sepconv_loaded loaded[SEPCONV_MAX_PHASES];
  uint64_t parts[SEPCONV_MAX_PARTS];
  uint64_t between[SEPCONV_MAX_PHASES]; /* outputs of all phases but the last */
  uint64_t input, residual, output;     /* one image each, for host memory and OpenCL's batches */
  uint64_t busy;                        /* of sepconv_run's own sessions */
} session;
typedef char session_fits[sizeof(session) <= sizeof(sepconv_gpu) ? 1 : -1];
typedef char state_fits[sizeof(session) <= 8 * SEPCONV_SESSION_WORDS ? 1 : -1];

uint64_t sepconv_device_features(uint64_t wanted) {
  uint64_t features = 0;
  if ((wanted & SEPCONV_DEVICE_CUDA) != 0) features |= sepconv_cuda()->features;
  if ((wanted & SEPCONV_DEVICE_OPENCL) != 0) features |= sepconv_opencl()->features;
  return features;
}

static const sepconv_driver* driver_of(const sepconv_variant* variant) {
  return (variant->required_features & SEPCONV_DEVICE_OPENCL) != 0 ? sepconv_opencl()
                                                                   : sepconv_cuda();
}

static uint64_t image_bytes(const sepconv_kernel* kernel, const sepconv_tensor* tensor) {
  sepconv_tensor one = *tensor;
  one.extent[0] = 1;
  return (uint64_t)sepconv_tensor_bytes(&one, (int64_t)kernel->element_bytes);
}

/* One image of a tensor as runs without the gaps between its pixels. */
static sepconv_runs image_runs(const sepconv_kernel* kernel, const sepconv_tensor* tensor) {
  const uint64_t element = kernel->element_bytes;
  sepconv_runs runs = {image_bytes(kernel, tensor), 1, 0};
  if (tensor->stride[3] == 1 && tensor->stride[2] > tensor->extent[3]) {
    runs.bytes = (uint64_t)tensor->extent[3] * element;
    runs.count = (uint64_t)(tensor->extent[1] * tensor->extent[2]);
    runs.pitch = (uint64_t)tensor->stride[2] * element;
  } else {
    runs.pitch = runs.bytes;
  }
  return runs;
}

static sepconv_status allocate_images(session* s) {
  const sepconv_kernel* kernel = s->kernel;
  sepconv_status status =
      s->driver->allocate(&s->queue, image_bytes(kernel, &kernel->input), &s->input);
  if (status == SEPCONV_OK) {
    status = s->driver->allocate(&s->queue, image_bytes(kernel, &kernel->output), &s->output);
  }
  if (status == SEPCONV_OK && sepconv_has_residual(kernel)) {
    status = s->driver->allocate(&s->queue, image_bytes(kernel, &kernel->residual), &s->residual);
  }
  return status;
}

static sepconv_status prepare(session* s) {
  const sepconv_kernel_impl* impl = s->kernel->impl;
  sepconv_status status = allocate_images(s);
  for (uint64_t i = 0; status == SEPCONV_OK && i < impl->part_count; ++i) {
    status = s->driver->allocate(&s->queue, (uint64_t)impl->parts[i].bytes, &s->parts[i]);
  }
  for (uint64_t i = 0; status == SEPCONV_OK && i < s->variant->phase_count; ++i) {
    const sepconv_phase* phase = &s->variant->phases[i];
    status = s->driver->load(&s->queue, phase->launch, &s->loaded[i]);
    if (status != SEPCONV_OK || phase->output_offset < 0) continue;
    const int64_t* hwc = phase->output_hwc;
    status = s->driver->allocate(
        &s->queue, (uint64_t)(hwc[0] * hwc[1] * hwc[2] * impl->between_bytes), &s->between[i]);
  }
  return status;
}

static sepconv_status upload_weights(session* s, const void* packed) {
  const sepconv_kernel_impl* impl = s->kernel->impl;
  const unsigned char* payload = (const unsigned char*)packed + SEPCONV_BLOB_HEADER_BYTES;
  sepconv_status status = SEPCONV_OK;
  for (uint64_t i = 0; status == SEPCONV_OK && i < impl->part_count; ++i) {
    status = s->driver->upload(&s->queue, s->parts[i], payload + impl->parts[i].offset,
                               (uint64_t)impl->parts[i].bytes);
  }
  return status == SEPCONV_OK ? s->driver->finish(&s->queue) : status;
}

static void release(session* s) {
  const uint64_t single[3] = {s->input, s->residual, s->output};
  for (int i = 0; i < 3; ++i) {
    if (single[i] != 0) s->driver->release(&s->queue, single[i]);
  }
  for (int i = 0; i < SEPCONV_MAX_PARTS; ++i) {
    if (s->parts[i] != 0) s->driver->release(&s->queue, s->parts[i]);
  }
  for (int i = 0; i < SEPCONV_MAX_PHASES; ++i) {
    if (s->between[i] != 0) s->driver->release(&s->queue, s->between[i]);
    if (s->loaded[i].module != 0) s->driver->unload(&s->queue, &s->loaded[i]);
  }
}

/* Frees everything but remembers the driver's code. */
static sepconv_status close_session(session* s) {
  if (s->driver == NULL) return SEPCONV_OK;
  sepconv_status status = s->driver->enter(&s->queue);
  if (status == SEPCONV_OK) {
    status = s->driver->finish(&s->queue);
    release(s);
    s->driver->leave(&s->queue);
  }
  s->driver->close(&s->queue);
  const int32_t error = s->queue.error;
  const uint64_t busy = s->busy;
  memset(s, 0, sizeof *s);
  s->driver_error = error;
  s->busy = busy;
  return status;
}

/* Precondition: the variant requires a device that is there. */
static sepconv_status open_session(session* s, const sepconv_kernel* kernel,
                                   const sepconv_variant* variant,
                                   const sepconv_gpu_options* options) {
  s->kernel = kernel;
  s->variant = variant;
  s->driver = driver_of(variant);
  sepconv_status status = s->driver->open(&s->queue, options);
  if (status == SEPCONV_OK) status = s->driver->enter(&s->queue);
  if (status == SEPCONV_OK) {
    status = prepare(s);
    s->driver->leave(&s->queue);
  }
  if (status != SEPCONV_OK) (void)close_session(s);
  s->opened = status == SEPCONV_OK;
  return status;
}

/* Where a call's three tensors lie for one image. */
typedef struct image {
  sepconv_memory input, residual, output;
} image;

static sepconv_status launch_phases(session* s, const image* at) {
  const sepconv_kernel_impl* impl = s->kernel->impl;
  for (uint64_t i = 0; i < s->variant->phase_count; ++i) {
    const sepconv_phase* phase = &s->variant->phases[i];
    const int residual = (phase->flags & SEPCONV_PHASE_RESIDUAL) != 0;
    sepconv_memory buffers[SEPCONV_MAX_PARTS + 3], arguments[SEPCONV_MAX_PARTS + 3];
    const sepconv_memory none = {0, 0};
    uint32_t count = 0;
    buffers[count] = at->input;
    if (phase->input_offset >= 0) buffers[count] = none, buffers[count].handle = s->between[i - 1];
    for (uint32_t part = 0; part < phase->part_count; ++part) {
      buffers[++count] = none;
      buffers[count].handle = s->parts[phase->first_part + part];
    }
    if (residual) buffers[++count] = impl->residual_is_input ? at->input : at->residual;
    buffers[++count] = at->output;
    if (phase->output_offset >= 0) buffers[count] = none, buffers[count].handle = s->between[i];
    for (uint32_t a = 0; a < phase->launch->argument_count; ++a) {
      arguments[a] = buffers[phase->launch->arguments[a]];
    }
    const sepconv_status status =
        s->driver->launch(&s->queue, phase->launch, &s->loaded[i], arguments);
    if (status != SEPCONV_OK) return status;
  }
  return SEPCONV_OK;
}

static uint64_t image_offset(const session* s, const sepconv_tensor* tensor, int64_t i) {
  return (uint64_t)(i * tensor->stride[0]) * s->kernel->element_bytes;
}

static const void* host_image(const session* s, const sepconv_tensor* tensor, int64_t i) {
  return (const unsigned char*)tensor->data + image_offset(s, tensor, i);
}

/* Image by image through the session's own memory; returns when the output is there. */
static sepconv_status run_host(session* s, const sepconv_tensor* input,
                               const sepconv_tensor* residual, const sepconv_tensor* output) {
  const image at = {{s->input, 0}, {s->residual, 0}, {s->output, 0}};
  sepconv_status status = SEPCONV_OK;
  for (int64_t i = 0; status == SEPCONV_OK && i < output->extent[0]; ++i) {
    status = s->driver->upload(&s->queue, s->input, host_image(s, input, i),
                               image_bytes(s->kernel, input));
    if (status == SEPCONV_OK && residual->data != NULL) {
      status = s->driver->upload(&s->queue, s->residual, host_image(s, residual, i),
                                 image_bytes(s->kernel, residual));
    }
    if (status == SEPCONV_OK) status = launch_phases(s, &at);
    if (status != SEPCONV_OK) break;
    status =
        s->driver->download(&s->queue, (unsigned char*)output->data + image_offset(s, output, i),
                            s->output, image_runs(s->kernel, output));
  }
  const sepconv_status finished = s->driver->finish(&s->queue);
  return status == SEPCONV_OK ? finished : status;
}

static sepconv_memory device_image(const session* s, const sepconv_tensor* tensor, int64_t i) {
  const sepconv_memory memory = {(uint64_t)(uintptr_t)tensor->data, image_offset(s, tensor, i)};
  return memory;
}

/* An image of a buffer to or from the session's own. */
static sepconv_status move(session* s, const sepconv_tensor* tensor, int64_t i, uint64_t own,
                           int back) {
  const sepconv_memory theirs = device_image(s, tensor, i);
  const sepconv_memory ours = {own, 0};
  return s->driver->copy(&s->queue, back ? theirs : ours, back ? ours : theirs,
                         image_runs(s->kernel, tensor));
}

static sepconv_status run_copied(session* s, const sepconv_gpu_call* call, int64_t i) {
  const image at = {{s->input, 0}, {s->residual, 0}, {s->output, 0}};
  sepconv_status status = move(s, &call->input, i, s->input, 0);
  if (status == SEPCONV_OK && call->residual.data != NULL) {
    status = move(s, &call->residual, i, s->residual, 0);
  }
  if (status == SEPCONV_OK) status = launch_phases(s, &at);
  return status == SEPCONV_OK ? move(s, &call->output, i, s->output, 1) : status;
}

/* Kernels load vectors of 16 bytes. Buffer objects start aligned. */
static int aligned(const session* s, const sepconv_gpu_call* call) {
  const uintptr_t all =
      (uintptr_t)call->input.data | (uintptr_t)call->output.data | (uintptr_t)call->residual.data;
  return !s->driver->offsets || all % 16 == 0;
}

static sepconv_status run_device(session* s, const sepconv_gpu_call* call) {
  sepconv_status status = SEPCONV_OK;
  for (int64_t i = 0; status == SEPCONV_OK && i < call->output.extent[0]; ++i) {
    const image at = {device_image(s, &call->input, i), device_image(s, &call->residual, i),
                      device_image(s, &call->output, i)};
    const int direct = s->driver->offsets || call->output.extent[0] == 1;
    status = direct ? launch_phases(s, &at) : run_copied(s, call, i);
  }
  return status;
}

SEPCONV_EXPORTED sepconv_status sepconv_library_gpu_open(const sepconv_kernel* kernel,
                                                         const sepconv_gpu_options* options,
                                                         const void* packed, size_t packed_bytes,
                                                         sepconv_gpu* gpu) {
  static const sepconv_gpu_options defaults;
  session* s = (session*)(void*)gpu;
  if (gpu == NULL || sepconv_kernel_status(kernel) == SEPCONV_NULL_POINTER) {
    return SEPCONV_NULL_POINTER;
  }
  sepconv_status status = sepconv_kernel_status(kernel);
  if (status != SEPCONV_OK) return status;
  if (s->opened) return SEPCONV_BAD_ARGUMENT;
  status = sepconv_check_blob(kernel, packed, packed_bytes);
  if (status != SEPCONV_OK) return status;
  const sepconv_variant* variant = NULL;
  status = sepconv_dispatch(kernel->impl, 1, &variant);
  if (status != SEPCONV_OK) return status;
  if (!sepconv_on_device(variant)) return SEPCONV_NO_DEVICE;
  memset(s, 0, sizeof *s);
  status = open_session(s, kernel, variant, options != NULL ? options : &defaults);
  if (status != SEPCONV_OK) return status;
  status = s->driver->enter(&s->queue);
  if (status == SEPCONV_OK) {
    status = upload_weights(s, packed);
    s->driver->leave(&s->queue);
  }
  if (status != SEPCONV_OK) (void)close_session(s);
  return status;
}

SEPCONV_EXPORTED sepconv_status sepconv_library_gpu_run(sepconv_gpu* gpu,
                                                        const sepconv_gpu_call* call) {
  session* s = (session*)(void*)gpu;
  if (gpu == NULL || call == NULL) return SEPCONV_NULL_POINTER;
  if (!s->opened || call->memory > SEPCONV_GPU_DEVICE) return SEPCONV_BAD_ARGUMENT;
  sepconv_status status = sepconv_check_batch(s->kernel, s->variant, call->output.extent[0]);
  if (status != SEPCONV_OK) return status;
  status = sepconv_check_tensors(s->kernel, &call->input, &call->residual, &call->output);
  if (status != SEPCONV_OK) return status;
  if (call->memory == SEPCONV_GPU_DEVICE && !aligned(s, call)) return SEPCONV_MISALIGNED;
  status = s->driver->enter(&s->queue);
  if (status == SEPCONV_OK) {
    status = call->memory == SEPCONV_GPU_HOST
                 ? run_host(s, &call->input, &call->residual, &call->output)
                 : run_device(s, call);
    s->driver->leave(&s->queue);
  }
  s->driver_error = s->queue.error;
  return status;
}

SEPCONV_EXPORTED sepconv_status sepconv_library_gpu_close(sepconv_gpu* gpu) {
  session* s = (session*)(void*)gpu;
  return gpu == NULL || !s->opened ? SEPCONV_OK : close_session(s);
}

sepconv_status sepconv_device_run(const sepconv_kernel* kernel, const sepconv_variant* variant,
                                  const sepconv_call* call) {
  session* s = (session*)(void*)variant->phases[0].launch->state;
  while (__atomic_exchange_n(&s->busy, 1, __ATOMIC_ACQUIRE) != 0) sched_yield();
  sepconv_status status = SEPCONV_OK;
  if (!s->opened) status = open_session(s, kernel, variant, NULL);
  if (status == SEPCONV_OK) status = s->driver->enter(&s->queue);
  if (status == SEPCONV_OK) {
    status = upload_weights(s, call->packed);
    if (status == SEPCONV_OK) status = run_host(s, &call->input, &call->residual, &call->output);
    s->driver->leave(&s->queue);
  }
  __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
  return status;
}

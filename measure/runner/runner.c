/* Measure: the runner: executes a library's kernels for a tool elsewhere, as protocol.h says. A
 * static program without a libc. Knows no layer. */
#include "buffers.h"
#include "load.h"
#include "machine.h"
#include "protocol.h"
#include "sepconv/sepconv.h"
#include "system.h"
#include "threads.h"

static image library;
static const sepconv_kernel* (*kernel_at)(size_t);
static size_t kernel_count;

static void answer(uint32_t kind, uint32_t code, uint64_t bytes) {
  const sepconv_runner_frame frame = {SEPCONV_RUNNER_MAGIC, kind, code, bytes};
  write_all(&frame, sizeof frame);
}

static void copy_name(sepconv_runner_name* to, const char* from) {
  const size_t length = from == NULL ? 0 : text_length(from);
  memset(to, 0, sizeof *to);
  if (length < sizeof to->text) memcpy(to->text, from, length);
}

static void send_kernels(void) {
  answer(SEPCONV_RUNNER_LOAD, 0, kernel_count * sizeof(sepconv_runner_entry));
  for (size_t i = 0; i < kernel_count; ++i) {
    const sepconv_kernel* kernel = kernel_at(i);
    sepconv_runner_entry entry;
    copy_name(&entry.layer, kernel->layer);
    copy_name(&entry.canonical_name, kernel->canonical_name);
    copy_name(&entry.target, sepconv_target(kernel));
    entry.packed_bytes = sepconv_packed_bytes(kernel);
    write_all(&entry, sizeof entry);
  }
}

static void load_request(uint64_t bytes) {
  sepconv_runner_name name;
  if (bytes < sizeof name) fault("the tool's message is cut short");
  read_all(&name, sizeof name);
  const size_t size = bytes - sizeof name;
  char* file = map_pages(size + 1);
  read_all(file, size);
  const char* problem = load_image(file, size, &library);
  unmap_pages(file, size + 1);
  char symbol[sizeof name + 8];
  size_t (*count)(void) = NULL;
  if (problem == NULL) {
    name.text[sizeof name.text - 1] = 0;
    *append(append(symbol, name.text), "_count") = 0;
    *(void**)&count = find_symbol(&library, symbol);
    *append(append(symbol, name.text), "_at") = 0;
    *(void**)&kernel_at = find_symbol(&library, symbol);
    if (count == NULL || kernel_at == NULL) problem = "the library does not list its kernels";
  }
  if (problem != NULL) {
    answer(SEPCONV_RUNNER_LOAD, 1, text_length(problem));
    write_all(problem, text_length(problem));
    return;
  }
  kernel_count = count();
  send_kernels();
}

static const sepconv_kernel* kernel_of(uint64_t index) {
  if (index >= kernel_count) fault("the tool asks for a kernel that is not loaded");
  return kernel_at(index);
}

static void pack_request(void) {
  static const char* names[] = {"expand weights", "expand bias", "depthwise weights",
                                "depthwise bias", "weights",     "bias"};
  sepconv_runner_pack request;
  read_all(&request, sizeof request);
  const sepconv_kernel* kernel = kernel_of(request.kernel);
  const float* arrays[6];
  for (int i = 0; i < 6; ++i) {
    const sepconv_runner_buffer place = {request.counts[i] * sizeof(float), request.packed.at_start,
                                         0};
    arrays[i] = NULL;
    if (place.bytes == 0) continue;
    arrays[i] = (const float*)received_buffer(names[i], place, 0);
  }
  const sepconv_weights weights = {arrays[0], arrays[1], arrays[2],
                                   arrays[3], arrays[4], arrays[5]};
  char* packed = guarded_buffer("packed weights", request.packed);
  const sepconv_status status =
      sepconv_pack(kernel, (sepconv_order)request.order, &weights, packed, request.packed.bytes);
  check_surroundings();
  answer(SEPCONV_RUNNER_PACK, status, request.packed.bytes);
  write_all(packed, request.packed.bytes);
  release_buffers();
}

static void run_pieces(void* context, uint32_t count, sepconv_body body, void* body_context) {
  (void)context;
  while (count > 0) body(body_context, --count);
}

static sepconv_tensor tensor_of(const sepconv_runner_tensor* from, void* data) {
  sepconv_tensor tensor = {NULL, {0, 0, 0, 0}, {0, 0, 0, 0}};
  tensor.data = data;
  for (int i = 0; i < 4; ++i) {
    tensor.extent[i] = from->extent[i];
    tensor.stride[i] = from->stride[i];
  }
  return tensor;
}

static sepconv_call call_of(const sepconv_runner_call* request) {
  sepconv_call call;
  memset(&call, 0, sizeof call);
  call.packed_bytes = request->packed.bytes;
  call.workspace_bytes = request->workspace.bytes;
  call.parallel_for = request->threads > 0 ? run_pieces : NULL;
  call.threads = (uint32_t)request->threads;
  return call;
}

static void query_request(void) {
  sepconv_runner_call request;
  read_all(&request, sizeof request);
  sepconv_call call = call_of(&request);
  call.input = tensor_of(&request.input, NULL);
  call.output = tensor_of(&request.output, NULL);
  const sepconv_kernel* kernel = kernel_of(request.kernel);
  uint32_t tasks = 0;
  size_t bytes = 0;
  const char* target = NULL;
  const sepconv_status status = kernel->query(kernel, &call, &tasks, &bytes, &target);
  const uint64_t result = bytes;
  answer(SEPCONV_RUNNER_QUERY, status, sizeof result);
  write_all(&result, sizeof result);
}

/* The request's operands as buffers of their own. */
static sepconv_call received_call(const sepconv_runner_call* request) {
  sepconv_call call = call_of(request);
  call.packed = received_buffer("packed weights", request->packed, 0);
  call.input = tensor_of(&request->input, received_buffer("input", request->input.buffer, 0));
  call.residual =
      tensor_of(&request->residual, received_buffer("residual", request->residual.buffer, 0));
  call.output = tensor_of(&request->output, received_buffer("output", request->output.buffer, 1));
  call.workspace = guarded_buffer("workspace", request->workspace);
  return call;
}

static void answer_run(uint32_t kind, sepconv_status status, const sepconv_call* call,
                       uint64_t bytes) {
  check_surroundings();
  answer(kind, status, bytes);
  write_all(call->output.data, bytes);
}

static void run_request(void) {
  sepconv_runner_call request;
  read_all(&request, sizeof request);
  const sepconv_kernel* kernel = kernel_of(request.kernel);
  const sepconv_call call = received_call(&request);
  answer_run(SEPCONV_RUNNER_RUN, sepconv_run(kernel, &call), &call, request.output.buffer.bytes);
  release_buffers();
}

static struct {
  const sepconv_kernel* kernel;
  sepconv_call call;
} held;

static void hold_request(void) {
  sepconv_runner_call request;
  read_all(&request, sizeof request);
  release_all_buffers();
  held.kernel = kernel_of(request.kernel);
  held.call = received_call(&request);
  keep_buffers();
  if (request.threads > 1) {
    need_threads((uint32_t)request.threads);
    held.call.parallel_for = run_threads;
  } else {
    held.call.parallel_for = NULL;
  }
  answer_run(SEPCONV_RUNNER_HOLD, sepconv_run(held.kernel, &held.call), &held.call,
             request.output.buffer.bytes);
}

static void time_request(void) {
  sepconv_runner_time request;
  read_all(&request, sizeof request);
  if (held.kernel == NULL) fault("the tool times a call that is not held");
  if (request.evict_bytes > 0) {
    evict_caches(request.evict_bytes);
  } else {
    sepconv_run(held.kernel, &held.call);
  }
  sepconv_status status = SEPCONV_OK;
  const uint64_t preempted = preemptions();
  const uint64_t begin = nanoseconds();
  for (uint64_t i = 0; i < request.calls; ++i) status = sepconv_run(held.kernel, &held.call);
  const uint64_t end = nanoseconds();
  const sepconv_runner_sample sample = {end - begin, preemptions() - preempted};
  answer(SEPCONV_RUNNER_TIME, status, sizeof sample);
  write_all(&sample, sizeof sample);
}

static void machine_request(void) {
  sepconv_runner_machine machine;
  describe_machine(&machine);
  answer(SEPCONV_RUNNER_MACHINE, 0, sizeof machine);
  write_all(&machine, sizeof machine);
}

static void rate_request(void) {
  sepconv_runner_rate request;
  double rate = 0;
  read_all(&request, sizeof request);
  const int known = measure_rate(&request, &rate);
  answer(SEPCONV_RUNNER_RATE, known ? 0 : 1, sizeof rate);
  write_all(&rate, sizeof rate);
}

static void serve(const sepconv_runner_frame* frame) {
  switch (frame->kind) {
    case SEPCONV_RUNNER_LOAD:
      load_request(frame->bytes);
      return;
    case SEPCONV_RUNNER_PACK:
      pack_request();
      return;
    case SEPCONV_RUNNER_QUERY:
      query_request();
      return;
    case SEPCONV_RUNNER_RUN:
      run_request();
      return;
    case SEPCONV_RUNNER_MACHINE:
      machine_request();
      return;
    case SEPCONV_RUNNER_HOLD:
      hold_request();
      return;
    case SEPCONV_RUNNER_TIME:
      time_request();
      return;
    case SEPCONV_RUNNER_RATE:
      rate_request();
      return;
    default:
      fault("the tool's request is unknown to this runner");
  }
}

_Noreturn void run_requests(uintptr_t* stack) {
  start_system(stack);
  catch_faults(on_fault);
  answer(SEPCONV_RUNNER_HELLO, SEPCONV_RUNNER_VERSION, 0);
  while (1) {
    sepconv_runner_frame frame;
    read_all(&frame, sizeof frame);
    if (frame.magic != SEPCONV_RUNNER_MAGIC) fault("the runner's input is no request");
    serve(&frame);
  }
}

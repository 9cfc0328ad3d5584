/* Measure: the runner: executes a library's kernels for a tool elsewhere, as protocol.h says. A
 * static program without a libc. Knows no layer. */
#include "load.h"
#include "protocol.h"
#include "sepconv/sepconv.h"
#include "system.h"

enum { BUFFERS = 12, PATTERN = 0xa5 };

/* A buffer between inaccessible pages; the rest of its own pages holds PATTERN. */
typedef struct guarded {
  const char* name;
  char *pages, *data;
  size_t mapped, bytes;
} guarded;

static guarded buffers[BUFFERS];
static int buffer_count;
static image library;
static const sepconv_kernel* (*kernel_at)(size_t);
static size_t kernel_count;

static size_t up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }
static size_t guard_bytes(void) { return up(65536, page_bytes()); }

static void* guarded_buffer(const char* name, sepconv_runner_buffer wanted) {
  guarded* buffer = &buffers[buffer_count++];
  const size_t room = up(wanted.bytes + wanted.slack, page_bytes());
  buffer->name = name;
  buffer->bytes = wanted.bytes;
  buffer->mapped = room + 2 * guard_bytes();
  buffer->pages = map_pages(buffer->mapped);
  char* first = buffer->pages + guard_bytes();
  buffer->data = wanted.at_start ? first : first + room - wanted.slack - wanted.bytes;
  set_access(buffer->pages, guard_bytes(), ACCESS_NONE);
  set_access(first + room, guard_bytes(), ACCESS_NONE);
  memset(first, PATTERN, (size_t)(buffer->data - first));
  memset(buffer->data + wanted.bytes, PATTERN,
         room - wanted.bytes - (size_t)(buffer->data - first));
  return wanted.bytes == 0 ? NULL : buffer->data;
}

static void protect_buffer(int index) {
  set_access(buffers[index].pages + guard_bytes(), buffers[index].mapped - 2 * guard_bytes(),
             ACCESS_READ);
}

static char* append(char* to, const char* text) {
  while (*text != 0) *to++ = *text++;
  return to;
}

static char* append_number(char* to, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

static _Noreturn void fault_beside(const char* what, const guarded* buffer) {
  char text[200];
  *append(append(append(text, what), " "), buffer->name) = 0;
  fault(text);
}

static void check_surroundings(void) {
  for (int i = 0; i < buffer_count; ++i) {
    const char* first = buffers[i].pages + guard_bytes();
    const char* last = buffers[i].pages + buffers[i].mapped - guard_bytes();
    for (const char* at = first; at < last; ++at) {
      if (at == buffers[i].data) at += buffers[i].bytes;
      if (at < last && (unsigned char)*at != PATTERN)
        fault_beside("wrote just beside", &buffers[i]);
    }
  }
}

static void release_buffers(void) {
  while (buffer_count > 0) {
    --buffer_count;
    unmap_pages(buffers[buffer_count].pages, buffers[buffer_count].mapped);
  }
}

static void on_fault(int signal, uintptr_t address) {
  if (signal == 4) fault("executed an instruction that the runner's CPU does not have");
  for (int i = 0; i < buffer_count; ++i) {
    const uintptr_t first = (uintptr_t)buffers[i].pages, data = (uintptr_t)buffers[i].data;
    if (address < first || address >= first + buffers[i].mapped) continue;
    char text[200];
    char* end = append(text, "accessed ");
    if (address >= data && address < data + buffers[i].bytes) {
      fault_beside("wrote into the read-only", &buffers[i]);
    }
    const int before = address < data;
    end = append_number(end, before ? data - address : address - data - buffers[i].bytes);
    end = append(end, before ? " bytes before the start of " : " bytes after the end of ");
    *append(end, buffers[i].name) = 0;
    fault(text);
  }
  fault(signal == 8 ? "divided by zero" : "accessed memory that is no buffer of the call");
}

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
    char* data = guarded_buffer(names[i], place);
    read_all(data, place.bytes);
    protect_buffer(buffer_count - 1);
    arrays[i] = (const float*)data;
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

static char* received(const char* name, sepconv_runner_buffer place, int writable) {
  char* data = guarded_buffer(name, place);
  if (data == NULL) return NULL;
  read_all(data, place.bytes);
  if (!writable) protect_buffer(buffer_count - 1);
  return data;
}

static void run_request(void) {
  sepconv_runner_call request;
  read_all(&request, sizeof request);
  const sepconv_kernel* kernel = kernel_of(request.kernel);
  sepconv_call call = call_of(&request);
  call.packed = received("packed weights", request.packed, 0);
  call.input = tensor_of(&request.input, received("input", request.input.buffer, 0));
  call.residual = tensor_of(&request.residual, received("residual", request.residual.buffer, 0));
  call.output = tensor_of(&request.output, received("output", request.output.buffer, 1));
  call.workspace = guarded_buffer("workspace", request.workspace);
  const sepconv_status status = sepconv_run(kernel, &call);
  check_surroundings();
  answer(SEPCONV_RUNNER_RUN, status, request.output.buffer.bytes);
  write_all(call.output.data, request.output.buffer.bytes);
  release_buffers();
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

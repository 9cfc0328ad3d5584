// Measure: the machine that kernels are timed on: this one, or a runner's. Knows no kernel.
#include "measure/machine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "measure/connection.h"
#include "measure/kernel.h"
#include "measure/pool.h"
#include "measure/runner/loops.h"
#include "runtime/src/cpu.h"
#include "support/process.h"

namespace sepconv::measure {
namespace {

// Bytes. AMD's L1d predicts ways from a hash of linear address bits; pages on either side of a
// round address may collide in it and evict each other, those of one such stretch do not.
constexpr size_t kStretch = 2 << 20;

uint64_t now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

/// Working sets, one a thread. Kept, since the largest is asked for first.
class Memory {
 public:
  float* of(size_t thread, size_t floats) {
    if (threads_.size() <= thread) threads_.resize(thread + 1);
    std::vector<float>& memory = threads_[thread];
    if (memory.size() < floats + kStretch / sizeof(float)) {
      memory.assign(floats + kStretch / sizeof(float), 1.0F);
    }
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    return memory.data() + (kStretch - address % kStretch) % kStretch / sizeof(float);
  }

 private:
  std::vector<std::vector<float>> threads_;
};

struct Work {
  const RateRequest& wanted;
  std::vector<float*> memory;
  std::vector<double> rates;  // by thread
};

void measure_thread(void* context, uint32_t thread) {
  auto& work = *static_cast<Work*>(context);
  const RateRequest& wanted = work.wanted;
  work.rates[thread] =
      sepconv_best_rate(sepconv_loops_of(wanted.instruction_set), wanted.mix, work.memory[thread],
                        wanted.floats, static_cast<uint64_t>(wanted.seconds * 1e9), now);
}

double rate_here(const RateRequest& wanted, Memory& memory) {
  if (sepconv_loops_of(wanted.instruction_set) == nullptr) return 0;
  const auto count = static_cast<size_t>(wanted.threads);
  Work work{wanted, std::vector<float*>(count), std::vector<double>(count)};
  for (size_t i = 0; wanted.floats > 0 && i < count; ++i) {
    work.memory[i] = memory.of(i, wanted.floats);
  }
  Pool pool(wanted.threads);
  Pool::parallel_for(&pool, static_cast<uint32_t>(count), measure_thread, &work);
  double sum = 0;
  for (const double rate : work.rates) sum += rate;
  return sum;
}

unsigned widest_of(uint64_t features) {
  if ((features & SEPCONV_CPU_ARM64) != 0) return SEPCONV_LOOPS_ARM64;
  if ((features & SEPCONV_CPU_X86_64_V4) != 0) return SEPCONV_LOOPS_X86_64_V4;
  return (features & SEPCONV_CPU_X86_64_V3) != 0 ? SEPCONV_LOOPS_X86_64_V3
                                                 : SEPCONV_LOOPS_X86_64_V2;
}

int64_t read_size(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  char unit = 0;
  if (!(file >> value)) return 0;
  file >> unit;
  return unit == 'K' ? value << 10 : unit == 'M' ? value << 20 : value;
}

std::string read_word(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  return text;
}

/// From sysfs, else sysconf.
std::array<int64_t, 3> caches_here() {
  std::array<int64_t, 3> bytes{};
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const int64_t level = read_size(folder + "level");
    if (level < 1 || level > 3 || read_word(folder + "type") == "Instruction") continue;
    bytes[static_cast<size_t>(level) - 1] = read_size(folder + "size");
  }
#ifdef _SC_LEVEL1_DCACHE_SIZE
  constexpr int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  for (size_t i = 0; i < 3; ++i) {
    if (bytes[i] <= 0) bytes[i] = std::max(0L, sysconf(names[i]));
  }
#endif
  return bytes;
}

std::string cpu_here() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

/// A runner for questions about its machine. A process that was forked starts its own, because two
/// must not share a connection.
class Questions {
 public:
  explicit Questions(Runner runner) : runner_(std::move(runner)) {}

  Connection::Answer ask(uint32_t kind, const std::vector<Connection::Piece>& pieces) {
    if (connection_ == nullptr || owner_ != getpid()) {
      (void)connection_.release();  // the other process's
      connection_ = std::make_unique<Connection>(runner_);
      owner_ = getpid();
    }
    return connection_->ask(kind, pieces);
  }

 private:
  Runner runner_;
  std::unique_ptr<Connection> connection_;
  pid_t owner_ = 0;
};

template <class T>
T value_of(const Connection::Answer& answer) {
  T value{};
  if (answer.payload.size() != sizeof(value)) {
    throw KernelLost{"the runner's answer is cut short"};
  }
  std::memcpy(&value, answer.payload.data(), sizeof(value));
  return value;
}

double rate_there(const RateRequest& wanted, Questions& questions) {
  const sepconv_runner_rate request{wanted.instruction_set,
                                    static_cast<uint32_t>(wanted.mix),
                                    static_cast<uint32_t>(wanted.threads),
                                    0,
                                    wanted.floats,
                                    static_cast<uint64_t>(wanted.seconds * 1e9)};
  return value_of<double>(questions.ask(SEPCONV_RUNNER_RATE, {{&request, sizeof(request)}}));
}

/// A text of a message, which may lack its end.
template <size_t bytes>
std::string text_of(const char (&field)[bytes]) {
  return {field, std::find(field, field + bytes, '\0')};
}

}  // namespace

const Machine& this_machine() {
  static const Machine machine = [] {
    const auto memory = std::make_shared<Memory>();
    return Machine{cpu_here(),
                   {},
                   support::core_count(),
                   caches_here(),
                   widest_of(sepconv_cpu_features()),
                   [memory](const RateRequest& wanted) { return rate_here(wanted, *memory); }};
  }();
  return machine;
}

Result<Machine> runner_machine(const Runner& runner) {
  const auto questions = std::make_shared<Questions>(runner);
  try {
    const auto said = value_of<sepconv_runner_machine>(questions->ask(SEPCONV_RUNNER_MACHINE, {}));
    const std::string cpu = text_of(said.cpu);
    Machine machine{
        cpu.empty() ? "unknown" : cpu,
        text_of(said.emulator),
        static_cast<int>(std::clamp<uint64_t>(said.cores, 1, 4096)),
        {},
        widest_of(said.features),
        [questions](const RateRequest& wanted) { return rate_there(wanted, *questions); }};
    std::copy(std::begin(said.cache_bytes), std::end(said.cache_bytes),
              machine.cache_bytes.begin());
    return machine;
  } catch (const KernelLost& lost) {
    return fail(runner_error(lost.reason, runner));
  }
}

}  // namespace sepconv::measure

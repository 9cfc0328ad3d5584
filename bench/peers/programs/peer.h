// Bench, peers: what every rival's program shares: the layer's files in, the dialogue out (see
// bench/peers/session.h and exchange.h). Knows no rival.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

/// Thrown for a layer that the rival has nothing for.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Stage {
  std::string kind, residual, activation;  ///< the words of layer.txt
  int64_t channels_in = 0, channels_out = 0;
  int64_t kernel[2], stride[2], dilation[2], padding[4];
  bool bias = false;
  int64_t in[2], out[2];           ///< [h, w]
  std::vector<float> weights;      ///< pointwise [ci][co], else [kh][kw][c*m] or [kh][kw][ci][co]
  std::vector<float> bias_values;  ///< [co]; zeros without a bias

  int64_t groups() const { return kind == "depthwise" ? channels_in : 1; }
  int64_t group_in() const { return channels_in / groups(); }
  int64_t group_out() const { return channels_out / groups(); }
};

struct Layer {
  std::string folder, layout;
  int threads = 1;
  int64_t n = 1, h = 1, w = 1, c = 1;
  std::vector<Stage> stages;
  std::vector<float> input, residual;  ///< dense NHWC

  int64_t output_elements() const {
    const Stage& last = stages.back();
    return n * last.out[0] * last.out[1] * last.channels_out;
  }
};

inline std::vector<float> read_values(const std::string& path, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), count * 4);
  if (!file) throw std::runtime_error("cannot read " + path);
  return values;
}

inline Stage read_stage(std::istringstream& words) {
  Stage stage;
  words >> stage.kind >> stage.channels_in >> stage.channels_out;
  for (auto* pair : {stage.kernel, stage.stride, stage.dilation}) words >> pair[0] >> pair[1];
  for (int64_t& side : stage.padding) words >> side;
  words >> stage.bias >> stage.residual >> stage.activation;
  if (!words) throw std::runtime_error("layer.txt has a short line");
  return stage;
}

inline void read_parameters(Layer& layer) {
  int64_t extent[2] = {layer.h, layer.w};
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    Stage& stage = layer.stages[i];
    for (int d = 0; d < 2; ++d) {
      stage.in[d] = extent[d];
      const int64_t reach = (stage.kernel[d] - 1) * stage.dilation[d] + 1;
      extent[d] += stage.padding[d] + stage.padding[d + 2] - reach;
      extent[d] = stage.out[d] = extent[d] / stage.stride[d] + 1;
    }
    const std::string number = std::to_string(i);
    stage.weights =
        read_values(layer.folder + "/weights" + number + ".f32",
                    stage.kernel[0] * stage.kernel[1] * stage.group_in() * stage.channels_out);
    stage.bias_values =
        stage.bias ? read_values(layer.folder + "/bias" + number + ".f32", stage.channels_out)
                   : std::vector<float>(static_cast<size_t>(stage.channels_out), 0.0F);
  }
}

inline Layer read_layer(const std::string& folder) {
  Layer layer;
  layer.folder = folder;
  std::ifstream file(folder + "/layer.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "threads") words >> layer.threads;
    if (key == "layout") words >> layer.layout;
    if (key == "input") words >> layer.n >> layer.h >> layer.w >> layer.c;
    if (key == "stage") layer.stages.push_back(read_stage(words));
  }
  if (layer.stages.empty()) throw std::runtime_error("no layer in " + folder);
  read_parameters(layer);
  layer.input = read_values(folder + "/input.f32", layer.n * layer.h * layer.w * layer.c);
  if (layer.stages.back().residual == "tensor") {
    layer.residual = read_values(folder + "/residual.f32", layer.output_elements());
  }
  return layer;
}

inline void write_output(const Layer& layer, const float* values) {
  std::ofstream file(layer.folder + "/output.f32", std::ios::binary);
  file.write(reinterpret_cast<const char*>(values), layer.output_elements() * 4);
  file.close();
  if (!file) throw std::runtime_error("cannot write the output");
}

/// 64-byte aligned memory with slack behind it; starts are staggered inside the page, so that no
/// two tensors share their low address bits.
class Buffer {
 public:
  explicit Buffer(size_t bytes) {
    static size_t turn = 0;
    const size_t offset = 64 * (turn++ * 9 % 61);
    if (posix_memalign(&memory_, 4096, bytes + offset + 256) != 0) throw std::bad_alloc();
    std::memset(memory_, 0, bytes + offset + 256);
    data_ = static_cast<char*>(memory_) + offset;
    bytes_ = bytes;
  }
  Buffer(Buffer&& other) noexcept
      : memory_(other.memory_), data_(other.data_), bytes_(other.bytes_) {
    other.memory_ = nullptr;
  }
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() { std::free(memory_); }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  /// Writes every value again, as the layer before does: the tensor lies in the caches then.
  void rewrite() {
    auto* lines = static_cast<volatile char*>(data_);
    for (size_t i = 0; i < bytes_; i += 64) lines[i] = lines[i];
  }

 private:
  void* memory_ = nullptr;
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

/// One way to run the layer.
struct Plan {
  virtual ~Plan() = default;
  virtual void run() = 0;
  virtual void finish() {}  ///< waits for runs that were only enqueued
  virtual void rewrite_inputs() = 0;
  virtual void wake_threads() = 0;          ///< as they are when another layer has just run
  virtual std::vector<float> output() = 0;  ///< dense NHWC, of the last run
  std::string implementation;
};

/// How often the system took a CPU away from this process.
inline long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// A call's time, taken again a few times while another process got the CPU in between.
inline double microseconds(Plan& plan, long calls) {
  double time = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const long before = preemptions();
    const auto begin = std::chrono::steady_clock::now();
    for (long i = 0; i < calls; ++i) plan.run();
    plan.finish();
    const auto spent = std::chrono::steady_clock::now() - begin;
    const bool disturbed = preemptions() != before;
    time = std::chrono::duration<double, std::micro>(spent).count() / static_cast<double>(calls);
    if (!disturbed) break;
  }
  return time;
}

/// One call's time in caches that were emptied; 0 where another process got the CPU in between.
inline double cold_microseconds(Plan& plan) {
  plan.rewrite_inputs();
  plan.wake_threads();
  const long before = preemptions();
  const auto begin = std::chrono::steady_clock::now();
  plan.run();
  plan.finish();
  const auto spent = std::chrono::steady_clock::now() - begin;
  if (preemptions() != before) return 0;
  return std::chrono::duration<double, std::micro>(spent).count();
}

/// Answers one line of the dialogue.
inline void answer(Plan& plan, const std::string& line) {
  if (line == "cold") {
    const double time = cold_microseconds(plan);
    if (time > 0) {
      std::cout << time << std::endl;
    } else {
      std::cout << "again" << std::endl;
    }
    return;
  }
  plan.run();
  plan.finish();
  std::cout << microseconds(plan, std::max(1L, std::atol(line.c_str()))) << std::endl;
}

/// The plan whose fastest of several calls is fastest.
inline Plan& fastest(std::vector<std::unique_ptr<Plan>>& plans) {
  size_t best = 0;
  double best_time = 0;
  for (size_t i = 0; i < plans.size(); ++i) {
    double least = microseconds(*plans[i], 2);
    double spent = least;
    for (int round = 0; round < 5 || (round < 100 && spent < 30000); ++round) {
      const double time = microseconds(*plans[i], 1);
      spent += time;
      if (time < least) least = time;
    }
    if (i == 0 || least < best_time) {
      best = i;
      best_time = least;
    }
  }
  return *plans[best];
}

/// Runs the dialogue with the plans that `make` has for the layer; main's exit code.
using Make = std::function<std::vector<std::unique_ptr<Plan>>(const Layer& layer)>;
inline int converse(int argc, char** argv, const Make& make) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    const Layer layer = read_layer(argv[1]);
    auto plans = make(layer);
    Plan& plan = fastest(plans);
    plan.run();
    write_output(layer, plan.output().data());
    std::cout << "ready " << plan.implementation << std::endl;
    for (std::string line; std::getline(std::cin, line);) answer(plan, line);
    return 0;
  } catch (const std::exception& problem) {
    std::cout << "unsupported " << problem.what() << std::endl;
    return 1;
  }
}

}  // namespace peer

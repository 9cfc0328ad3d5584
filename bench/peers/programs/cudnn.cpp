// Bench, peers: cuDNN's program: every stage a convolution with its own best algorithm, in FP32
// arithmetic, all data on the device. Driver and cuDNN are opened when it starts, so that it is
// built where neither is needed. Knows nothing of sepconv but the dialogue.
// One file, because each rival is one program that scripts build by one call.
#include <cudnn.h>
#include <dlfcn.h>

#include "peer.h"

namespace {

void* open_first(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL)) return library;
  }
  throw peer::Unsupported(std::string("cannot open ") + *names.begin());
}

template <class Function>
Function* symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) throw peer::Unsupported(std::string("cuDNN or its driver lacks ") + name);
  return reinterpret_cast<Function*>(found);
}

/// The driver's few calls: CUDA's runtime would have to match the driver's version.
struct Cuda {
  void* library = open_first({"libcuda.so.1"});
  int (*init)(unsigned) = symbol<int(unsigned)>(library, "cuInit");
  int (*retain)(void**, int) = symbol<int(void**, int)>(library, "cuDevicePrimaryCtxRetain");
  int (*set)(void*) = symbol<int(void*)>(library, "cuCtxSetCurrent");
  int (*allocate)(uint64_t*, size_t) = symbol<int(uint64_t*, size_t)>(library, "cuMemAlloc_v2");
  int (*free)(uint64_t) = symbol<int(uint64_t)>(library, "cuMemFree_v2");
  int (*upload)(uint64_t, const void*,
                size_t) = symbol<int(uint64_t, const void*, size_t)>(library, "cuMemcpyHtoD_v2");
  int (*download)(void*, uint64_t,
                  size_t) = symbol<int(void*, uint64_t, size_t)>(library, "cuMemcpyDtoH_v2");
  int (*finish)() = symbol<int()>(library, "cuCtxSynchronize");

  static void check(int code, const char* what) {
    if (code != 0) {
      throw peer::Unsupported(std::string("the driver refuses ") + what + ": error " +
                              std::to_string(code));
    }
  }
  Cuda() {
    void* context = nullptr;
    check(init(0), "to start");
    check(retain(&context, 0), "a context");
    check(set(context), "the context");
  }
};

/// The functions of cuDNN that the chain needs, with the types of its header.
struct Cudnn {
  void* library = open_first({"libcudnn.so.9", "libcudnn.so.8"});
#define CUDNN_FUNCTION(name) decltype(&::name) name = symbol<decltype(::name)>(library, #name)
  CUDNN_FUNCTION(cudnnGetVersion);
  CUDNN_FUNCTION(cudnnGetErrorString);
  CUDNN_FUNCTION(cudnnCreate);
  CUDNN_FUNCTION(cudnnCreateTensorDescriptor);
  CUDNN_FUNCTION(cudnnSetTensor4dDescriptor);
  CUDNN_FUNCTION(cudnnCreateFilterDescriptor);
  CUDNN_FUNCTION(cudnnSetFilter4dDescriptor);
  CUDNN_FUNCTION(cudnnCreateConvolutionDescriptor);
  CUDNN_FUNCTION(cudnnSetConvolution2dDescriptor);
  CUDNN_FUNCTION(cudnnSetConvolutionGroupCount);
  CUDNN_FUNCTION(cudnnSetConvolutionMathType);
  CUDNN_FUNCTION(cudnnFindConvolutionForwardAlgorithm);
  CUDNN_FUNCTION(cudnnConvolutionForward);
  CUDNN_FUNCTION(cudnnConvolutionBiasActivationForward);
  CUDNN_FUNCTION(cudnnCreateActivationDescriptor);
  CUDNN_FUNCTION(cudnnSetActivationDescriptor);
  CUDNN_FUNCTION(cudnnActivationForward);
  CUDNN_FUNCTION(cudnnAddTensor);
#undef CUDNN_FUNCTION
  cudnnHandle_t handle = nullptr;

  void check(cudnnStatus_t status, const char* what) const {
    if (status != CUDNN_STATUS_SUCCESS) {
      throw peer::Unsupported(std::string("cuDNN refuses ") + what + ": " +
                              cudnnGetErrorString(status));
    }
  }
  Cudnn() { check(cudnnCreate(&handle), "to start"); }
};

/// Dense values of [outer][inner] pixels and channels, turned around.
std::vector<float> transposed(const std::vector<float>& values, int64_t images, int64_t rows,
                              int64_t columns) {
  std::vector<float> turned(values.size());
  for (int64_t n = 0; n < images; ++n) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        turned[static_cast<size_t>((n * columns + c) * rows + r)] =
            values[static_cast<size_t>((n * rows + r) * columns + c)];
      }
    }
  }
  return turned;
}

cudnnActivationMode_t mode_of(const std::string& activation) {
  if (activation == "relu") return CUDNN_ACTIVATION_RELU;
  if (activation == "relu6") return CUDNN_ACTIVATION_CLIPPED_RELU;
  if (activation == "sigmoid") return CUDNN_ACTIVATION_SIGMOID;
  if (activation == "silu") return CUDNN_ACTIVATION_SWISH;
  throw peer::Unsupported("cuDNN has no " + activation);
}

class Chain : public peer::Plan {
 public:
  Chain(const peer::Layer& layer, const Cuda& cuda, const Cudnn& cudnn, bool nhwc)
      : layer_(layer), cuda_(cuda), cudnn_(cudnn), nhwc_(nhwc) {
    input_ = current_ = uploaded(arranged(layer.input, layer.h * layer.w, layer.c));
    for (const peer::Stage& stage : layer.stages) add(stage);
    implementation = std::string("cudnn ") + std::to_string(cudnn.cudnnGetVersion()) +
                     (nhwc ? " nhwc" : " nchw") + algorithms_;
  }
  ~Chain() override {
    for (const uint64_t address : memory_) cuda_.free(address);
  }

  void run() override {
    for (const auto& step : steps_) cudnn_.check(step(), "a step");
  }
  void rewrite_inputs() override {
    const auto values = arranged(layer_.input, layer_.h * layer_.w, layer_.c);
    Cuda::check(cuda_.upload(input_, values.data(), values.size() * sizeof(float)), "a copy");
  }
  void wake_threads() override {}
  void finish() override { Cuda::check(cuda_.finish(), "to finish"); }

  std::vector<float> output() override {
    finish();
    std::vector<float> values(static_cast<size_t>(layer_.output_elements()));
    Cuda::check(cuda_.download(values.data(), current_, values.size() * sizeof(float)), "a copy");
    const peer::Stage& last = layer_.stages.back();
    if (nhwc_) return values;
    return transposed(values, layer_.n, last.channels_out, last.out[0] * last.out[1]);
  }

 private:
  const peer::Layer& layer_;
  const Cuda& cuda_;
  const Cudnn& cudnn_;
  bool nhwc_;
  std::vector<uint64_t> memory_;
  std::vector<std::function<cudnnStatus_t()>> steps_;
  std::string algorithms_;
  uint64_t input_ = 0, current_ = 0;

  static void* at(uint64_t address) { return reinterpret_cast<void*>(address); }

  uint64_t room(size_t bytes) {
    uint64_t address = 0;
    Cuda::check(cuda_.allocate(&address, bytes > 0 ? bytes : 1), "memory");
    memory_.push_back(address);
    return address;
  }
  uint64_t uploaded(const std::vector<float>& values) {
    const uint64_t address = room(values.size() * sizeof(float));
    Cuda::check(cuda_.upload(address, values.data(), values.size() * sizeof(float)), "a copy");
    return address;
  }
  /// NHWC values in this chain's order.
  [[nodiscard]] std::vector<float> arranged(const std::vector<float>& values, int64_t pixels,
                                            int64_t channels) const {
    return nhwc_ ? values : transposed(values, layer_.n, pixels, channels);
  }

  /// [co][kh][kw][ci] or [co][ci][kh][kw] from the layer's [kh][kw][ci][co].
  [[nodiscard]] std::vector<float> weights_of(const peer::Stage& s) const {
    const int64_t taps = s.kernel[0] * s.kernel[1], ci = s.group_in();
    std::vector<float> values = transposed(s.weights, 1, taps * ci, s.channels_out);
    return nhwc_ ? values : transposed(values, s.channels_out, taps, ci);
  }

  [[nodiscard]] cudnnTensorDescriptor_t tensor(int64_t n, int64_t c, int64_t h, int64_t w) const {
    cudnnTensorDescriptor_t made = nullptr;
    const auto format = nhwc_ ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW;
    cudnn_.check(cudnn_.cudnnCreateTensorDescriptor(&made), "a tensor");
    cudnn_.check(cudnn_.cudnnSetTensor4dDescriptor(made, format, CUDNN_DATA_FLOAT,
                                                   static_cast<int>(n), static_cast<int>(c),
                                                   static_cast<int>(h), static_cast<int>(w)),
                 "the tensor");
    return made;
  }

  [[nodiscard]] cudnnFilterDescriptor_t filter(const peer::Stage& s) const {
    cudnnFilterDescriptor_t made = nullptr;
    const auto format = nhwc_ ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW;
    cudnn_.check(cudnn_.cudnnCreateFilterDescriptor(&made), "a filter");
    cudnn_.check(cudnn_.cudnnSetFilter4dDescriptor(
                     made, CUDNN_DATA_FLOAT, format, static_cast<int>(s.channels_out),
                     static_cast<int>(s.group_in()), static_cast<int>(s.kernel[0]),
                     static_cast<int>(s.kernel[1])),
                 "the filter");
    return made;
  }

  /// In FP32: TF32 would compute something else.
  [[nodiscard]] cudnnConvolutionDescriptor_t convolution(const peer::Stage& s) const {
    if (s.padding[0] != s.padding[2] || s.padding[1] != s.padding[3]) {
      throw peer::Unsupported("cuDNN pads opposite sides alike");
    }
    cudnnConvolutionDescriptor_t made = nullptr;
    const auto number = [](int64_t value) { return static_cast<int>(value); };
    cudnn_.check(cudnn_.cudnnCreateConvolutionDescriptor(&made), "a convolution");
    cudnn_.check(cudnn_.cudnnSetConvolution2dDescriptor(
                     made, number(s.padding[0]), number(s.padding[1]), number(s.stride[0]),
                     number(s.stride[1]), number(s.dilation[0]), number(s.dilation[1]),
                     CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
                 "the convolution");
    cudnn_.check(cudnn_.cudnnSetConvolutionGroupCount(made, number(s.groups())), "its groups");
    cudnn_.check(cudnn_.cudnnSetConvolutionMathType(made, CUDNN_FMA_MATH), "FP32 arithmetic");
    return made;
  }

  [[nodiscard]] cudnnActivationDescriptor_t activation(cudnnActivationMode_t mode) const {
    cudnnActivationDescriptor_t made = nullptr;
    cudnn_.check(cudnn_.cudnnCreateActivationDescriptor(&made), "an activation");
    cudnn_.check(cudnn_.cudnnSetActivationDescriptor(made, mode, CUDNN_NOT_PROPAGATE_NAN,
                                                     mode == CUDNN_ACTIVATION_SWISH ? 1.0 : 6.0),
                 "the activation");
    return made;
  }

  void add(const peer::Stage& s) {
    const auto x = tensor(layer_.n, s.channels_in, s.in[0], s.in[1]);
    const auto y = tensor(layer_.n, s.channels_out, s.out[0], s.out[1]);
    const auto b = tensor(1, s.channels_out, 1, 1);
    const auto w = filter(s);
    const auto conv = convolution(s);
    cudnnConvolutionFwdAlgoPerf_t found[8];
    int count = 0;
    cudnn_.check(
        cudnn_.cudnnFindConvolutionForwardAlgorithm(cudnn_.handle, x, w, conv, y, 8, &count, found),
        "the layer");
    int best = 0;
    while (best < count &&
           (found[best].status != CUDNN_STATUS_SUCCESS || found[best].mathType != CUDNN_FMA_MATH)) {
      ++best;
    }
    if (best == count) throw peer::Unsupported("cuDNN has no algorithm in FP32 for the layer");
    const auto algorithm = found[best].algo;
    const size_t bytes = found[best].memory;
    algorithms_ += " " + std::to_string(static_cast<int>(algorithm));
    void* const from = at(current_);
    void* const weights = at(uploaded(weights_of(s)));
    void* const bias = at(uploaded(s.bias_values));
    void* const scratch = at(room(bytes));
    current_ =
        room(static_cast<size_t>(layer_.n * s.out[0] * s.out[1] * s.channels_out) * sizeof(float));
    void* const to = at(current_);
    const Cudnn* d = &cudnn_;
    const auto fused = [=](cudnnActivationMode_t mode) {
      const auto act = activation(mode);
      return [=] {
        const float one = 1, zero = 0;
        return d->cudnnConvolutionBiasActivationForward(d->handle, &one, x, from, w, weights, conv,
                                                        algorithm, scratch, bytes, &zero, y, to, b,
                                                        bias, act, y, to);
      };
    };
    // In one step with the bias where cuDNN can: with a relu, which leaves relu6 its upper bound,
    // or by one algorithm with nothing.
    const bool relu = s.activation == "relu" || s.activation == "relu6";
    if (s.residual == "none" &&
        (relu || algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)) {
      const auto step = fused(relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY);
      if (step() == CUDNN_STATUS_SUCCESS) {
        steps_.emplace_back(step);
        if (s.activation != "relu") activate(s, y, to);
        return;
      }
    }
    steps_.emplace_back([=] {
      const float one = 1, zero = 0;
      return d->cudnnConvolutionForward(d->handle, &one, x, from, w, weights, conv, algorithm,
                                        scratch, bytes, &zero, y, to);
    });
    if (s.bias) add_to(b, bias, y, to);
    if (s.residual != "none") {
      const auto& r = layer_.residual;
      add_to(y,
             s.residual == "input" ? at(input_)
                                   : at(uploaded(arranged(r, s.out[0] * s.out[1], s.channels_out))),
             y, to);
    }
    activate(s, y, to);
  }

  void activate(const peer::Stage& s, cudnnTensorDescriptor_t y, void* to) {
    if (s.activation == "none") return;
    const auto act = activation(mode_of(s.activation));
    const Cudnn* d = &cudnn_;
    steps_.emplace_back([=] {
      const float one = 1, zero = 0;
      return d->cudnnActivationForward(d->handle, act, &one, y, to, &zero, y, to);
    });
  }

  void add_to(cudnnTensorDescriptor_t what, void* values, cudnnTensorDescriptor_t y, void* to) {
    const Cudnn* d = &cudnn_;
    steps_.emplace_back([=] {
      const float one = 1;
      return d->cudnnAddTensor(d->handle, &one, what, values, &one, y, to);
    });
  }
};

/// Either layout: cuDNN's best kernels for a layer may want the other one.
std::vector<std::unique_ptr<peer::Plan>> plans(const peer::Layer& layer) {
  static const Cuda cuda;
  static const Cudnn cudnn;
  std::vector<std::unique_ptr<peer::Plan>> all;
  std::string problem;
  for (const bool nhwc : {true, false}) {
    try {
      all.push_back(std::make_unique<Chain>(layer, cuda, cudnn, nhwc));
    } catch (const peer::Unsupported& refusal) {
      problem = refusal.what();
    }
  }
  if (all.empty()) throw peer::Unsupported(problem);
  return all;
}

}  // namespace

int main(int argc, char** argv) { return peer::converse(argc, argv, plans); }

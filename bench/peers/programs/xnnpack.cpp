// Bench, peers: XNNPACK's program: every stage a convolution operator, NHWC, weights packed when
// the operator is made. Knows nothing of sepconv but the dialogue.
#include <limits>

#include <pthreadpool.h>
#include <xnnpack.h>

#include "peer.h"

namespace {

void check(xnn_status status, const char* what) {
  if (status != xnn_status_success) {
    throw peer::Unsupported(std::string("XNNPACK refuses ") + what);
  }
}

struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

Clamp clamp_of(const std::string& activation) {
  if (activation == "none") return {};
  if (activation == "relu") return {0, std::numeric_limits<float>::infinity()};
  if (activation == "relu6") return {0, 6};
  throw peer::Unsupported("XNNPACK's convolution has no " + activation);
}

/// [group][co][kh][kw][ci] from the layer's order.
std::vector<float> weights_of(const peer::Stage& s) {
  const int64_t taps = s.kernel[0] * s.kernel[1], ci = s.group_in(), co = s.channels_out;
  std::vector<float> values(s.weights.size());
  for (int64_t o = 0; o < co; ++o) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t i = 0; i < ci; ++i) {
        values[static_cast<size_t>((o * taps + tap) * ci + i)] =
            s.weights[static_cast<size_t>((tap * ci + i) * co + o)];
      }
    }
  }
  return values;
}

class Chain : public peer::Plan {
 public:
  explicit Chain(const peer::Layer& layer) : layer_(layer) {
    if (layer.layout != "nhwc") throw peer::Unsupported("XNNPACK's f32 convolution wants NHWC");
    if (layer.threads > 1) pool_ = pthreadpool_create(static_cast<size_t>(layer.threads));
    input_ = current_ = filled(layer.input);
    for (const peer::Stage& stage : layer.stages) add(stage);
    implementation = "convolution2d_nhwc_f32";
  }
  ~Chain() override {
    for (xnn_operator_t op : operators_) xnn_delete_operator(op);
    if (pool_ != nullptr) pthreadpool_destroy(pool_);
  }

  void run() override {
    for (xnn_operator_t op : operators_) xnn_run_operator(op, pool_);
  }

  void rewrite_inputs() override {
    for (const size_t index : inputs_) buffers_[index].rewrite();
  }
  void wake_threads() override {
    if (pool_ == nullptr) return;
    const auto nothing = [](void*, size_t) {};
    pthreadpool_parallelize_1d(pool_, nothing, nullptr, pthreadpool_get_threads_count(pool_), 0);
  }

  std::vector<float> output() override {
    return std::vector<float>(current_, current_ + layer_.output_elements());
  }

 private:
  const peer::Layer& layer_;
  pthreadpool_t pool_ = nullptr;
  std::vector<peer::Buffer> buffers_;
  std::vector<size_t> inputs_;  ///< which of them hold tensors that the layer reads
  std::vector<xnn_operator_t> operators_;
  float* input_ = nullptr;
  float* current_ = nullptr;

  float* room(int64_t elements) {
    buffers_.emplace_back(static_cast<size_t>(elements) * sizeof(float));
    return buffers_.back().as<float>();
  }
  float* filled(const std::vector<float>& values) {
    float* to = room(static_cast<int64_t>(values.size()));
    inputs_.push_back(buffers_.size() - 1);
    std::memcpy(to, values.data(), values.size() * sizeof(float));
    return to;
  }

  void add(const peer::Stage& s) {
    // The clamp comes after the residual, so a residual stage leaves it to the addition.
    const Clamp clamp = clamp_of(s.residual == "none" ? s.activation : "none");
    const std::vector<float> weights = weights_of(s);
    const auto u = [](int64_t value) { return static_cast<uint32_t>(value); };
    xnn_operator_t op = nullptr;
#ifdef PEER_XNNPACK_2024
#define PEER_CACHES nullptr, nullptr
#else
#define PEER_CACHES nullptr
#endif
    check(xnn_create_convolution2d_nhwc_f32(
              u(s.padding[0]), u(s.padding[3]), u(s.padding[2]), u(s.padding[1]), u(s.kernel[0]),
              u(s.kernel[1]), u(s.stride[0]), u(s.stride[1]), u(s.dilation[0]), u(s.dilation[1]),
              u(s.groups()), static_cast<size_t>(s.group_in()), static_cast<size_t>(s.group_out()),
              static_cast<size_t>(s.channels_in), static_cast<size_t>(s.channels_out),
              weights.data(), s.bias_values.data(), clamp.low, clamp.high, 0, PEER_CACHES, &op),
          "the convolution");
    operators_.push_back(op);
    float* to = room(layer_.n * s.out[0] * s.out[1] * s.channels_out);
    set_up(op, s, to);
    current_ = to;
    if (s.residual != "none") add_residual(s);
  }

  void set_up(xnn_operator_t op, const peer::Stage& s, float* to) {
    size_t workspace = 0, height = 0, width = 0;
#ifdef PEER_XNNPACK_2024
    size_t alignment = 0;
#define PEER_WORKSPACE &workspace, &alignment
#else
#define PEER_WORKSPACE &workspace
#endif
    check(xnn_reshape_convolution2d_nhwc_f32(
              op, static_cast<size_t>(layer_.n), static_cast<size_t>(s.in[0]),
              static_cast<size_t>(s.in[1]), PEER_WORKSPACE, &height, &width, pool_),
          "the shape");
    if (static_cast<int64_t>(height) != s.out[0] || static_cast<int64_t>(width) != s.out[1]) {
      throw peer::Unsupported("XNNPACK computes another output shape");
    }
    float* scratch = room(static_cast<int64_t>(workspace / sizeof(float)) + 16);
    check(xnn_setup_convolution2d_nhwc_f32(op, scratch, current_, to), "the tensors");
  }

  void add_residual(const peer::Stage& s) {
    if (s.activation != "none") {
      throw peer::Unsupported("XNNPACK's addition has no " + s.activation);
    }
    const float* other = s.residual == "input" ? input_ : filled(layer_.residual);
    float* to = room(layer_.output_elements());
    const size_t shape[4] = {static_cast<size_t>(layer_.n), static_cast<size_t>(s.out[0]),
                             static_cast<size_t>(s.out[1]), static_cast<size_t>(s.channels_out)};
    const xnn_quantization_params unused{0, 1};
    xnn_operator_t op = nullptr;
    check(xnn_create_binary_elementwise_nd(xnn_binary_add, xnn_datatype_fp32, &unused, &unused,
                                           &unused, 0, &op),
          "the addition");
    operators_.push_back(op);
    check(xnn_reshape_binary_elementwise_nd(op, 4, shape, 4, shape, pool_), "the addition's shape");
    check(xnn_setup_binary_elementwise_nd(op, current_, other, to), "the addition's tensors");
    current_ = to;
  }
};

std::vector<std::unique_ptr<peer::Plan>> plans(const peer::Layer& layer) {
  check(xnn_initialize(nullptr), "to start");
  std::vector<std::unique_ptr<peer::Plan>> all;
  all.push_back(std::make_unique<Chain>(layer));
  return all;
}

}  // namespace

int main(int argc, char** argv) { return peer::converse(argc, argv, plans); }

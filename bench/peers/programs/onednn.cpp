// Bench, peers: oneDNN's program: every stage a convolution primitive with fused post-ops, weights
// in the library's own layout. Knows nothing of sepconv but the dialogue.
#include <dnnl.hpp>

#include "peer.h"

namespace {

using namespace dnnl;
using Tag = memory::format_tag;
constexpr auto kF32 = memory::data_type::f32;

engine& cpu() {
  static engine value(engine::kind::cpu, 0);
  return value;
}
stream& queue() {
  static stream value(cpu());
  return value;
}

void append_activation(post_ops& post, const std::string& word) {
  if (word == "relu") post.append_eltwise(algorithm::eltwise_relu, 0, 0);
  if (word == "relu6") post.append_eltwise(algorithm::eltwise_clip, 0, 6);
  if (word == "hard_swish") post.append_eltwise(algorithm::eltwise_hardswish, 1.F / 6, 0.5F);
  if (word == "silu") post.append_eltwise(algorithm::eltwise_swish, 1, 0);
  if (word == "gelu") post.append_eltwise(algorithm::eltwise_gelu_erf, 0, 0);
  if (word == "sigmoid") post.append_eltwise(algorithm::eltwise_logistic, 0, 0);
}

struct Style {
  bool any_between = false;     ///< activations between the stages lie as the library likes
  bool fuse_depthwise = false;  ///< a pointwise stage takes the depthwise stage behind it along
  bool binary_add = false;  ///< the residual is an operand of its own, not what the output holds
};

bool can_fuse(const peer::Stage& first, const peer::Stage& second) {
  const auto is = [](const int64_t(&pair)[2], int64_t value) {
    return pair[0] == value && pair[1] == value;
  };
  const bool same_stride = second.stride[0] == second.stride[1] && second.stride[0] <= 2;
  const bool padded = second.padding[0] == 1 && second.padding[1] == 1;
  const auto fits = [&](int d) {
    return second.out[d] == (second.in[d] + second.stride[d] - 1) / second.stride[d];
  };
  return first.kind == "pointwise" && second.kind == "depthwise" && is(second.kernel, 3) &&
         is(second.dilation, 1) && same_stride && padded && fits(0) && fits(1) &&
         second.group_out() == 1;
}

class Chain : public peer::Plan {
 public:
  Chain(const peer::Layer& layer, Style style) : layer_(layer), style_(style) {
    edge_ = layer.layout == "nchw" ? Tag::nchw : Tag::nhwc;
    current_ = input_ = from_nhwc(layer.input, {layer.n, layer.c, layer.h, layer.w});
    for (size_t i = 0; i < layer.stages.size(); ++i) i += add(i) - 1;
  }

  void run() override {
    for (const Step& step : steps_) {
      dnnl_primitive_execute(step.work.get(), queue().get(),
                             static_cast<int>(step.arguments.size()), step.arguments.data());
    }
    dnnl_stream_wait(queue().get());
  }

  void rewrite_inputs() override {
    for (const size_t index : inputs_) buffers_[index].rewrite();
  }
  void wake_threads() override {
#pragma omp parallel num_threads(layer_.threads)
    asm volatile("");
  }

  std::vector<float> output() override {
    const auto& last = layer_.stages.back();
    const memory::desc plain({layer_.n, last.channels_out, last.out[0], last.out[1]}, kF32,
                             Tag::nhwc);
    std::vector<float> values(static_cast<size_t>(layer_.output_elements()));
    memory target(plain, cpu(), values.data());
    reorder(current_, target).execute(queue(), current_, target);
    queue().wait();
    return values;
  }

 private:
  struct Step {
    primitive work;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  const peer::Layer& layer_;
  Style style_;
  Tag edge_;
  std::vector<peer::Buffer> buffers_;
  std::vector<size_t> inputs_;  ///< which of them hold tensors that the layer reads
  std::vector<memory> memories_;
  std::vector<Step> steps_;
  memory current_, input_, residual_;

  memory allocate(const memory::desc& desc) {
    buffers_.emplace_back(desc.get_size() + 64);
    memories_.emplace_back(desc, cpu(), buffers_.back().as<void>());
    return memories_.back();
  }

  memory converted(const memory::desc& from, const std::vector<float>& values,
                   const memory::desc& to) {
    memory source(from, cpu(), const_cast<float*>(values.data()));
    memory target = allocate(to);
    reorder(source, target).execute(queue(), source, target);
    queue().wait();
    return target;
  }

  memory from_nhwc(const std::vector<float>& values, const memory::dims& dims) {
    memory tensor = converted({dims, kF32, Tag::nhwc}, values, {dims, kF32, edge_});
    inputs_.push_back(buffers_.size() - 1);
    return tensor;
  }

  static memory::dims weight_dims(const peer::Stage& s) {
    memory::dims dims{s.group_out(), s.group_in(), s.kernel[0], s.kernel[1]};
    if (s.groups() > 1) dims.insert(dims.begin(), s.groups());
    return dims;
  }

  memory weights(const peer::Stage& s, const memory::desc& wanted) {
    const int64_t co = s.channels_out, ci = s.group_in();
    memory::dims strides{1, co, s.kernel[1] * ci * co, ci * co};
    if (s.groups() > 1) strides.insert(strides.begin(), s.group_out());
    return converted({weight_dims(s), kF32, strides}, s.weights, wanted);
  }

  memory bias(const peer::Stage& s) {
    const memory::desc desc({s.channels_out}, kF32, Tag::x);
    return converted(desc, s.bias_values, desc);
  }

  memory::desc activations(int64_t channels, const int64_t (&extent)[2], bool at_edge) const {
    const Tag tag = at_edge ? edge_ : style_.any_between ? Tag::any : edge_;
    return {{layer_.n, channels, extent[0], extent[1]}, kF32, tag};
  }

  /// Adds stage i, and the next one where both are one primitive; how many were added.
  size_t add(size_t i) {
    const peer::Stage& s = layer_.stages[i];
    const peer::Stage* next = i + 1 < layer_.stages.size() ? &layer_.stages[i + 1] : nullptr;
    if (!style_.fuse_depthwise || next == nullptr || !can_fuse(s, *next)) next = nullptr;
    const peer::Stage& last = next != nullptr ? *next : s;
    const bool ends = &last == &layer_.stages.back();
    primitive_attr attributes;
    attributes.set_post_ops(post_ops_of(s, next));
    const auto primitive = convolution_forward::primitive_desc(
        cpu(), prop_kind::forward_inference, algorithm::convolution_direct, current_.get_desc(),
        {weight_dims(s), kF32, Tag::any}, {{s.channels_out}, kF32, Tag::x},
        activations(s.channels_out, s.out, ends && next == nullptr), {s.stride[0], s.stride[1]},
        {s.dilation[0] - 1, s.dilation[1] - 1}, {s.padding[0], s.padding[1]},
        {s.padding[2], s.padding[3]}, attributes);
    implementation += (implementation.empty() ? "" : "+") + std::string(primitive.impl_info_str());
    if (next != nullptr) implementation += "(dw fused)";
    bind(primitive, s, next);
    return next != nullptr ? 2 : 1;
  }

  post_ops post_ops_of(const peer::Stage& s, const peer::Stage* next) {
    post_ops post;
    if (s.residual != "none") {
      make_residual(s.residual == "input");
      if (style_.binary_add) {
        post.append_binary(algorithm::binary_add, residual_.get_desc());
      } else {
        post.append_sum(1.F);
      }
    }
    append_activation(post, s.activation);
    if (next != nullptr) {
      post.append_dw(kF32, kF32, kF32, next->kernel[0], next->stride[0], next->padding[0]);
      append_activation(post, next->activation);
    }
    return post;
  }

  void bind(const convolution_forward::primitive_desc& desc, const peer::Stage& s,
            const peer::Stage* next) {
    Step step{convolution_forward(desc), {}};
    const auto give = [&](int id, const memory& value) {
      step.arguments.push_back({id, value.get()});
    };
    give(DNNL_ARG_SRC, current_);
    give(DNNL_ARG_WEIGHTS, weights(s, desc.weights_desc()));
    give(DNNL_ARG_BIAS, bias(s));
    if (next != nullptr) {
      constexpr int kWeights = DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_WEIGHTS;
      give(kWeights, weights(*next, desc.query_md(query::exec_arg_md, kWeights)));
      give(DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_BIAS, bias(*next));
    }
    current_ = allocate(desc.dst_desc());
    if (s.residual != "none") {
      if (style_.binary_add) {
        give(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, residual_);
      } else {
        add_copy();
      }
    }
    give(DNNL_ARG_DST, current_);
    steps_.push_back(std::move(step));
  }

  void make_residual(bool is_input) {
    const auto& last = layer_.stages.back();
    residual_ = is_input ? input_
                         : from_nhwc(layer_.residual,
                                     {layer_.n, last.channels_out, last.out[0], last.out[1]});
  }

  /// The sum post-op adds to what the output holds: the residual goes there first, at each call, as
  /// an app that still needs the residual has to do.
  void add_copy() {
    Step copy{reorder(residual_, current_), {}};
    copy.arguments = {{DNNL_ARG_FROM, residual_.get()}, {DNNL_ARG_TO, current_.get()}};
    steps_.push_back(std::move(copy));
  }
};

/// Every style that makes a difference to the layer, the plain one first.
std::vector<Style> styles(const peer::Layer& layer) {
  std::vector<Style> all;
  const bool block = layer.stages.size() > 1;
  const bool residual = layer.stages.back().residual != "none";
  for (int bits = 0; bits < 8; ++bits) {
    const Style style{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    if (!block && (style.any_between || style.fuse_depthwise)) continue;
    if (!residual && style.binary_add) continue;
    all.push_back(style);
  }
  return all;
}

std::vector<std::unique_ptr<peer::Plan>> plans(const peer::Layer& layer) {
  std::vector<std::unique_ptr<peer::Plan>> all;
  for (const Style style : styles(layer)) {
    try {
      all.push_back(std::make_unique<Chain>(layer, style));
    } catch (const dnnl::error&) {
      // This oneDNN has no such primitive for the layer; other styles may do.
    }
  }
  if (all.empty()) throw peer::Unsupported("oneDNN has no primitive for it");
  return all;
}

}  // namespace

int main(int argc, char** argv) { return peer::converse(argc, argv, plans); }

// Generators: the registered Halide::Generator classes, one an op, and the hooks to schedules/.
#include <Halide.h>

#include "generators/chain.h"
#include "generators/stages.h"
#include "spec/name.h"

namespace sepconv::generators {

namespace {

Hooks& installed_hooks() {
  static Hooks hooks;
  return hooks;
}

/// Constant bounds and strides of a (c, x, y) view of one image, but where rows' is left free.
template <class Buffer>
void fix_tensor(Buffer& buffer, const spec::Shape& shape, bool planar, int64_t pixel_stride,
                bool free_row_stride = false) {
  const int64_t pixel = planar ? 1 : (pixel_stride > 0 ? pixel_stride : shape.c);
  buffer.dim(0).set_bounds(0, as_int(shape.c)).set_stride(planar ? as_int(shape.h * shape.w) : 1);
  buffer.dim(1).set_bounds(0, as_int(shape.w)).set_stride(as_int(pixel));
  buffer.dim(2).set_bounds(0, as_int(shape.h));
  if (!free_row_stride) buffer.dim(2).set_stride(as_int(pixel * shape.w));
}

/// The output likewise, but for the axis along which the runtime crops it.
template <class Buffer>
void fix_output(Buffer& buffer, const spec::Shape& shape, bool planar, int64_t pixel_stride,
                spec::Axis axis) {
  const int64_t pixel = planar ? 1 : (pixel_stride > 0 ? pixel_stride : shape.c);
  const int64_t strides[3] = {planar ? shape.h * shape.w : 1, pixel, pixel * shape.w};
  const int64_t extents[3] = {shape.c, shape.w, shape.h};
  const int cropped = axis == spec::Axis::channels ? 0 : axis == spec::Axis::pixels ? 1 : 2;
  for (int i = 0; i < 3; ++i) {
    buffer.dim(i).set_stride(as_int(strides[i]));
    if (i != cropped) buffer.dim(i).set_bounds(0, as_int(extents[i]));
  }
}

}  // namespace

void set_hooks(Hooks hooks) { installed_hooks() = std::move(hooks); }
const Hooks& hooks() { return installed_hooks(); }

std::string generator_name(spec::Op op) { return std::string(spec::word(op)); }

/// An op as an ordinary Halide generator. A class because Halide registers generators as classes;
/// inputs depend on the layer, so they are added in configure().
template <class Self>
class ChainGenerator : public Halide::Generator<Self> {
 public:
  Halide::GeneratorParam<std::string> layer_name{"layer", ""};
  Halide::GeneratorParam<std::string> point{"schedule", ""};
  Halide::GeneratorParam<int> phase_index{"phase", 0};

  void configure() {
    Result<spec::Layer> parsed = spec::parse_name(layer_name.value());
    if (!parsed) throw Halide::CompileError("layer: " + parsed.error().front().message);
    layer_ = *parsed;
    user_assert_hooks();
    const auto phases = hooks().phases(layer_, this->get_target(), point.value());
    if (phase_index < 0 || phase_index >= static_cast<int>(phases.size())) {
      throw Halide::CompileError("phase: the schedule has " + std::to_string(phases.size()));
    }
    phase_ = phases[phase_index];
    types_ = types(layer_, this->get_target());
    // What lies between phases has the type of the sums.
    const bool first = phase_.first_stage == 0;
    const bool last = phase_.last_stage + 1 == static_cast<int>(layer_.stages.size());
    input_ = this->template add_input<Halide::Buffer<>>("input",
                                                        first ? types_.tensors : types_.sums, 3);
    for (const spec::Parameter& parameter : phase_parameters(layer_, phase_)) {
      parameters_.push_back(this->template add_input<Halide::Buffer<>>(
          std::string(spec::word(parameter.role)),
          parameter.is_bias ? types_.biases : types_.weights,
          static_cast<int>(parameter.extents.size())));
    }
    if (phase_has_residual(layer_, phase_)) {
      residual_ = this->template add_input<Halide::Buffer<>>("residual", types_.tensors, 3);
    }
    output_ = this->template add_output<Halide::Buffer<>>("output",
                                                          last ? types_.tensors : types_.sums, 3);
  }

  void generate() {
    ChainInputs inputs;
    inputs.input = *input_;
    inputs.types = types_;
    for (auto* parameter : parameters_) inputs.parameters.push_back(*parameter);
    if (residual_ != nullptr) inputs.residual = *residual_;
    chain_ = build_chain(layer_, phase_, inputs);
    *output_ = chain_.output;
    fix_interface();
  }

  void schedule() { hooks().schedule(chain_, this->get_target(), point.value()); }

 private:
  void user_assert_hooks() const {
    if (!hooks().phases || !hooks().schedule) {
      throw Halide::CompileError("no schedules are installed (schedules::install)");
    }
  }

  /// Everything a caller passes is constant but the output's crop; the runtime checks it.
  void fix_interface() {
    const bool first = phase_.first_stage == 0;
    const bool last = phase_.last_stage + 1 == static_cast<int>(layer_.stages.size());
    const auto& front = chain_.stages.front();
    const auto& back = chain_.stages.back();
    fix_tensor(*input_, front.in, chain_.planar_input, first ? layer_.input_pixel_stride : 0,
               phase_.free_row_stride);
    const auto packed = phase_parameters(layer_, phase_);
    for (size_t i = 0; i < packed.size(); ++i) fix_parameter(*parameters_[i], packed[i]);
    if (residual_ != nullptr)
      fix_tensor(*residual_, back.out, chain_.planar_output, residual_pixel_stride());
    chain_.output_pixel_stride = last ? layer_.output_pixel_stride : 0;
    fix_output(*output_, back.out, chain_.planar_output, chain_.output_pixel_stride, phase_.axis);
  }

  /// An inverted residual adds the layer's own input; a pointwise layer's residual is dense.
  [[nodiscard]] int64_t residual_pixel_stride() const {
    return layer_.op == spec::Op::inverted_residual ? layer_.input_pixel_stride : 0;
  }

  static void fix_parameter(Halide::GeneratorInput<Halide::Buffer<>>& buffer,
                            const spec::Parameter& parameter) {
    int64_t stride = 1;
    for (size_t i = 0; i < parameter.extents.size(); ++i) {
      buffer.dim(static_cast<int>(i))
          .set_bounds(0, as_int(parameter.extents[i]))
          .set_stride(as_int(stride));
      stride *= parameter.extents[i];
    }
    buffer.set_host_alignment(64);
  }

  spec::Layer layer_;
  spec::Phase phase_;
  Types types_;
  Chain chain_;
  Halide::GeneratorInput<Halide::Buffer<>>* input_ = nullptr;
  std::vector<Halide::GeneratorInput<Halide::Buffer<>>*> parameters_;
  Halide::GeneratorInput<Halide::Buffer<>>* residual_ = nullptr;
  Halide::GeneratorOutput<Halide::Buffer<>>* output_ = nullptr;
};

class Depthwise : public ChainGenerator<Depthwise> {};
class Pointwise : public ChainGenerator<Pointwise> {};
class DepthwiseSeparable : public ChainGenerator<DepthwiseSeparable> {};
class InvertedResidual : public ChainGenerator<InvertedResidual> {};
class Conv2d : public ChainGenerator<Conv2d> {};

}  // namespace sepconv::generators

HALIDE_REGISTER_GENERATOR(sepconv::generators::Depthwise, depthwise)
HALIDE_REGISTER_GENERATOR(sepconv::generators::Pointwise, pointwise)
HALIDE_REGISTER_GENERATOR(sepconv::generators::DepthwiseSeparable, depthwise_separable)
HALIDE_REGISTER_GENERATOR(sepconv::generators::InvertedResidual, inverted_residual)
HALIDE_REGISTER_GENERATOR(sepconv::generators::Conv2d, conv2d)

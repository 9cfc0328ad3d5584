// Cli: the verb pack: a layer's weights from .npy files to the blob that its kernel takes. The
// library's own code packs, so the bytes are those of sepconv_pack.
#include <fmt/core.h>

#include <cstdlib>
#include <memory>

#include "cli/build.h"
#include "cli/choose.h"
#include "cli/npy.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "measure/library.h"
#include "spec/name.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

using Role = spec::Parameter::Role;

struct Pack : Options {
  std::string layer, order, out;
  std::array<std::string, 6> files;  ///< by Role
};

constexpr std::array kRoles{Role::expand,         Role::expand_bias, Role::depthwise,
                            Role::depthwise_bias, Role::weights,     Role::bias};

std::string flag(Role role) {
  std::string text = "--" + std::string(spec::word(role));
  for (char& c : text) c = c == '_' ? '-' : c;
  return text;
}

Error problem(ErrorKind kind, std::string field, std::string message, std::string hint) {
  Error error;
  error.kind = kind;
  error.field = std::move(field);
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

/// The one layer: the only one given, or the one that --layer names.
Result<spec::Layer> choose_layer(const Pack& options) {
  const auto layers = read_layers(options);
  if (!layers) return fail(layers.error());
  std::vector<spec::Layer> matching;
  for (const spec::Layer& layer : layers->layers) {
    if (options.layer.empty() || layer.name == options.layer) matching.push_back(layer);
  }
  if (matching.size() == 1) return matching.front();
  return fail(problem(ErrorKind::usage, "--layer",
                      fmt::format("{} layers match, one is packed at a time", matching.size()),
                      "give --layer NAME, a layer's name in the file"));
}

/// Extents of a parameter as the user's framework stores it, outermost first.
std::vector<int64_t> expected_extents(const spec::Layer& layer, const spec::Parameter& parameter,
                                      bool oihw) {
  const auto shapes = spec::shapes(layer);
  const auto stage_index = static_cast<size_t>(parameter.stage);
  const spec::Stage& stage = layer.stages[stage_index];
  const int64_t in = shapes[stage_index].c, out = shapes[stage_index + 1].c;
  const auto [kh, kw] = stage.window.kernel;
  if (parameter.is_bias) return {out};
  switch (stage.kind) {
    case spec::StageKind::pointwise:
      return oihw ? std::vector<int64_t>{out, in} : std::vector<int64_t>{in, out};
    case spec::StageKind::depthwise:
      return oihw ? std::vector<int64_t>{out, kh, kw} : std::vector<int64_t>{kh, kw, out};
    case spec::StageKind::conv2d:
      return oihw ? std::vector<int64_t>{out, in, kh, kw} : std::vector<int64_t>{kh, kw, in, out};
  }
  return {};
}

std::string shape_text(const std::vector<int64_t>& extents) {
  std::string text;
  for (const int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

/// Frameworks keep extents of 1 (PyTorch: 32x1x3x3, 64x32x1x1); they change no byte.
std::vector<int64_t> without_ones(std::vector<int64_t> extents) {
  std::erase(extents, 1);
  return extents;
}

Result<Array> read_parameter(const std::string& path, const spec::Layer& layer,
                             const spec::Parameter& parameter, bool oihw) {
  auto array = read_npy(path);
  if (!array) return array;
  const auto expected = expected_extents(layer, parameter, oihw);
  if (without_ones(array->extents) == without_ones(expected)) return array;
  Error error =
      problem(ErrorKind::input, flag(parameter.role), "the array's shape is not the layer's",
              "expected " + shape_text(expected) + "; the order is set by --order");
  error.file = path;
  error.layer = layer.name;
  error.value = shape_text(array->extents);
  return fail(error);
}

/// Arrays by role; all missing, surplus and wrong ones at once.
Result<std::array<Array, 6>> read_parameters(const Pack& options, const spec::Layer& layer) {
  std::array<Array, 6> arrays;
  std::array<bool, 6> wanted{};
  Errors errors;
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const auto role = static_cast<size_t>(parameter.role);
    wanted[role] = true;
    if (options.files[role].empty()) {
      errors.push_back(problem(ErrorKind::usage, flag(parameter.role), "the layer needs this array",
                               "add " + flag(parameter.role) + " FILE.npy"));
      continue;
    }
    auto array = read_parameter(options.files[role], layer, parameter, options.order == "oihw");
    if (array)
      arrays[role] = std::move(*array);
    else
      errors.insert(errors.end(), array.error().begin(), array.error().end());
  }
  for (const Role role : kRoles) {
    if (wanted[static_cast<size_t>(role)] || options.files[static_cast<size_t>(role)].empty()) {
      continue;
    }
    errors.push_back(problem(ErrorKind::usage, flag(role), "the layer has no such array",
                             "leave " + flag(role) + " away"));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return arrays;
}

sepconv_weights view(const std::array<Array, 6>& arrays) {
  const auto at = [&](Role role) {
    const auto& values = arrays[static_cast<size_t>(role)].values;
    return values.empty() ? nullptr : values.data();
  };
  sepconv_weights weights{};
  weights.expand = at(Role::expand);
  weights.expand_bias = at(Role::expand_bias);
  weights.depthwise = at(Role::depthwise);
  weights.depthwise_bias = at(Role::depthwise_bias);
  weights.weights = at(Role::weights);
  weights.bias = at(Role::bias);
  return weights;
}

Result<std::string> pack_blob(const Pack& options, spec::Layer layer,
                              const std::array<Array, 6>& arrays) {
  const auto target = targets::parse_target("native");
  if (!target) return fail(target.error());
  auto choose = make_chooser(options);
  if (!choose) return fail(choose.error());
  layer.name = spec::canonical_name(layer);
  const auto built = make_builder(*choose, compile_options(options))({{layer}}, *target);
  if (!built) return fail(built.error());
  if (!built->layers.front().errors.empty()) return fail(built->layers.front().errors);
  const auto library = measure::Library::open(built->shared_object, built->library);
  if (!library) return fail(library.error());
  const sepconv_kernel* kernel = library->find(layer.name);
  if (kernel == nullptr) {
    return fail(problem(ErrorKind::internal, "", "the library lacks its own layer",
                        "this is a bug of sepconv; please report it with the command"));
  }
  // aligned_alloc wants whole multiples of the alignment.
  const size_t room =
      (kernel->packed_bytes + SEPCONV_ALIGNMENT - 1) / SEPCONV_ALIGNMENT * SEPCONV_ALIGNMENT;
  const std::unique_ptr<void, decltype(&std::free)> blob(
      std::aligned_alloc(SEPCONV_ALIGNMENT, room), &std::free);
  const sepconv_weights weights = view(arrays);
  const auto order = options.order == "oihw" ? SEPCONV_OIHW : SEPCONV_HWIO;
  const auto status = kernel->pack(kernel, order, &weights, blob.get(), kernel->packed_bytes);
  if (status != SEPCONV_OK) {
    return fail(problem(ErrorKind::internal, "",
                        fmt::format("packing failed with status {}", static_cast<int>(status)),
                        "this is a bug of sepconv; please report it with the command"));
  }
  return std::string(static_cast<const char*>(blob.get()), kernel->packed_bytes);
}

int pack(const Pack& options) {
  const auto layer = choose_layer(options);
  if (!layer) return report(layer.error(), options.json);
  const auto arrays = read_parameters(options, *layer);
  if (!arrays) return report(arrays.error(), options.json);
  const auto blob = pack_blob(options, *layer, *arrays);
  if (!blob) return report(blob.error(), options.json);
  if (auto written = support::write_file_atomic(options.out, *blob); !written) {
    return report(written.error(), options.json);
  }
  if (options.json) {
    print_json({{"blob", options.out},
                {"layer", layer->name},
                {"name", spec::canonical_name(*layer)},
                {"bytes", blob->size()}});
  } else {
    fmt::print("wrote {} ({} bytes)\n", options.out, blob->size());
  }
  return kOk;
}

}  // namespace

void add_pack(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("pack", "Pack weights from .npy files at build time");
  const auto options = std::make_shared<Pack>();
  add_layers(*verb, *options);
  verb->add_option("--layer", options->layer, "Which layer of the file")->type_name("NAME");
  verb->add_option("--order", options->order, "hwio, or oihw as PyTorch stores weights")
      ->required()
      ->check(CLI::IsMember({"hwio", "oihw"}));
  for (const Role role : kRoles) {
    verb->add_option(flag(role), options->files[static_cast<size_t>(role)],
                     "Array of " + std::string(spec::word(role)))
        ->type_name("FILE.npy");
  }
  verb->add_option("--out", options->out, "The blob to write")->required()->type_name("FILE");
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer(
      "Example: sepconv pack --layers layers.json --layer block1 --order oihw\n"
      "  --depthwise dw.npy --weights pw.npy --bias b.npy --out block1.bin");
  verb->callback([options, &code] { code = pack(*options); });
}

}  // namespace sepconv::cli

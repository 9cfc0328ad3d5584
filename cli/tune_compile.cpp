// Cli: candidates of one layer to opened libraries, compiled side by side. Knows no measurement.
#include "cli/tune_compile.h"

#include <map>
#include <utility>

#include "cli/build.h"
#include "measure/fill.h"
#include "measure/library.h"
#include "spec/name.h"
#include "support/interrupt.h"

namespace sepconv::cli {
namespace {

/// The layer under its canonical name, and its exact twin where that is another one.
std::vector<spec::Layer> wanted(const spec::Layer& layer) {
  std::vector<spec::Layer> layers{layer, measure::exact_twin(layer)};
  for (spec::Layer& one : layers) {
    one.name = spec::canonical_name(one);
    one.count = 1;
  }
  if (layers[0].name == layers[1].name) layers.pop_back();
  return layers;
}

emit::Chooser always(const schedules::Point& point) {
  return [point](const spec::Layer&, const targets::Target&) -> Result<emit::Choice> {
    return emit::Choice{point, "forced"};
  };
}

/// Fills the cache with the objects of all points at once. What fails does so again, one by one,
/// where its errors are looked at; `failed` spares that work.
std::map<size_t, Errors> warm(const std::vector<spec::Layer>& layers, const targets::Target& target,
                              const std::vector<schedules::Point>& points,
                              const emit::CompileOptions& options) {
  std::vector<spec::Layer> copies;
  for (size_t i = 0; i < points.size(); ++i) {
    for (spec::Layer copy : layers) {
      copy.name = std::to_string(i);  // tells the chooser, and the errors, whose it is
      copies.push_back(std::move(copy));
    }
  }
  const auto choose = [&](const spec::Layer& copy, const targets::Target&) -> Result<emit::Choice> {
    return emit::Choice{points[std::stoul(copy.name)], "forced"};
  };
  std::map<size_t, Errors> failed;
  const auto kernels = emit::compile(copies, {target}, choose, options);
  if (kernels) return failed;
  for (const Error& error : kernels.error()) {
    const bool placed =
        !error.layer.empty() && error.layer.find_first_not_of("0123456789") == std::string::npos;
    if (placed) failed[std::stoul(error.layer)].push_back(error);
  }
  return failed;
}

Result<Candidate> link(const std::vector<spec::Layer>& layers, const targets::Target& target,
                       const schedules::Point& point, const emit::CompileOptions& options) {
  auto built = make_builder(always(point), options)(layers, target);
  if (!built) return fail(std::move(built.error()));
  for (const measure::BuiltLayer& layer : built->layers) {
    if (!layer.errors.empty()) return fail(layer.errors);
  }
  Candidate candidate;
  candidate.code_bytes = built->layers.front().code_bytes;
  candidate.open = [built = std::make_shared<measure::Built>(std::move(*built)),
                    real = layers.front().name,
                    exact = layers.back().name]() -> Result<measure::KernelPair> {
    auto library = measure::Library::open(built->shared_object, built->library);
    if (!library) return fail(std::move(library.error()));
    auto exact_kernel = library->kernel(exact);
    auto real_kernel = library->kernel(real);
    if (!exact_kernel) return fail(std::move(exact_kernel.error()));
    if (!real_kernel) return fail(std::move(real_kernel.error()));
    return measure::KernelPair{std::move(*exact_kernel), std::move(*real_kernel)};
  };
  return candidate;
}

}  // namespace

std::vector<Result<Candidate>> compile_candidates(const spec::Layer& layer,
                                                  const targets::Target& target,
                                                  const std::vector<schedules::Point>& points,
                                                  const emit::CompileOptions& options) {
  const auto layers = wanted(layer);
  const auto failed = warm(layers, target, points, options);
  std::vector<Result<Candidate>> candidates;
  for (size_t i = 0; i < points.size() && !support::interrupted(); ++i) {
    const auto why = failed.find(i);
    if (why != failed.end()) {
      candidates.emplace_back(fail(why->second));
    } else {
      candidates.emplace_back(link(layers, target, points[i], options));
    }
  }
  return candidates;
}

}  // namespace sepconv::cli

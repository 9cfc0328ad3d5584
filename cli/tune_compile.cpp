// Cli: candidates of one layer to opened libraries, compiled side by side, here or in a process
// that works ahead. Knows no measurement.
#include "cli/tune_compile.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cli/build.h"
#include "cli/output.h"
#include "measure/fill.h"
#include "measure/library.h"
#include "spec/name.h"
#include "support/interrupt.h"

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReport = "report.json";

/// What became of a point, as it crosses from process to process.
struct Made {
  int64_t code_bytes = 0;
  std::string real, exact;  ///< names of its kernels in the library; equal where it has no twin
  Errors errors;
};

struct Batch {
  fs::path shared_object;
  std::string library;
  std::vector<Made> made;  ///< as the points
};

spec::Layer named(spec::Layer layer, std::string name) {
  layer.name = std::move(name);
  layer.count = 1;
  return layer;
}

/// Every point's kernel is a layer of its own in one library, told apart by its name.
Result<Batch> build_batch(const fs::path& folder, const spec::Layer& layer,
                          const targets::Target& target,
                          const std::vector<schedules::Point>& points,
                          const emit::CompileOptions& options) {
  const spec::Layer twin = measure::exact_twin(layer);
  const bool is_own_twin = spec::canonical_name(twin) == spec::canonical_name(layer);
  const size_t each = is_own_twin ? 1 : 2;
  std::vector<spec::Layer> layers;
  for (size_t i = 0; i < points.size(); ++i) {
    layers.push_back(named(layer, "real" + std::to_string(i)));
    if (!is_own_twin) layers.push_back(named(twin, "exact" + std::to_string(i)));
  }
  const auto choose = [&](const spec::Layer& one, const targets::Target&) -> Result<emit::Choice> {
    const size_t digits = one.name.find_first_of("0123456789");
    return emit::Choice{points[std::stoul(one.name.substr(digits))], "forced"};
  };
  auto built = build_in(folder, layers, target, choose, options);
  if (!built) return fail(std::move(built.error()));
  Batch batch{built->shared_object, built->library, {}};
  for (size_t i = 0; i < points.size(); ++i) {
    Made made;
    made.code_bytes = built->layers[i * each].code_bytes;
    made.real = layers[i * each].name;
    made.exact = layers[i * each + each - 1].name;
    for (size_t k = 0; k < each; ++k) {
      const Errors& errors = built->layers[i * each + k].errors;
      made.errors.insert(made.errors.end(), errors.begin(), errors.end());
    }
    batch.made.push_back(std::move(made));
  }
  return batch;
}

Result<measure::KernelPair> pair_of(Result<measure::Kernel> exact, Result<measure::Kernel> real) {
  if (!exact) return fail(std::move(exact.error()));
  if (!real) return fail(std::move(real.error()));
  return measure::KernelPair{std::move(*exact), std::move(*real)};
}

Result<measure::KernelPair> open_here(const fs::path& shared_object, const std::string& name,
                                      const Made& made) {
  auto library = measure::Library::open(shared_object, name);
  if (!library) return fail(std::move(library.error()));
  return pair_of(library->kernel(made.exact), library->kernel(made.real));
}

Result<measure::KernelPair> open_there(const fs::path& shared_object, const std::string& name,
                                       const Made& made, const spec::Layer& layer,
                                       const measure::Runner& runner) {
  auto library = measure::RemoteLibrary::open(shared_object, name, runner);
  if (!library) return fail(std::move(library.error()));
  return pair_of(library->kernel(named(measure::exact_twin(layer), made.exact)),
                 library->kernel(named(layer, made.real)));
}

/// `files` keeps the library on disk.
std::vector<Result<Candidate>> candidates_of(const Batch& batch, const spec::Layer& layer,
                                             const std::shared_ptr<const void>& files) {
  std::vector<Result<Candidate>> candidates;
  for (const Made& made : batch.made) {
    if (!made.errors.empty()) {
      candidates.emplace_back(fail(made.errors));
      continue;
    }
    const auto open = [=, object = batch.shared_object,
                       library = batch.library](const std::optional<measure::Runner>& runner) {
      (void)files;
      return runner ? open_there(object, library, made, layer, *runner)
                    : open_here(object, library, made);
    };
    candidates.emplace_back(Candidate{open, made.code_bytes});
  }
  return candidates;
}

std::vector<Result<Candidate>> all_failed(size_t count, const Errors& errors) {
  if (support::interrupted()) return {};
  return std::vector<Result<Candidate>>(count, Result<Candidate>(fail(errors)));
}

Error lost(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

/// Of an error crosses what decides the outcome and says why.
Json to_json(const Batch& batch) {
  Json list = Json::array();
  for (const Made& made : batch.made) {
    Json errors = Json::array();
    for (const Error& error : made.errors) {
      errors.push_back({{"field", error.field}, {"message", error.message}});
    }
    list.push_back({{"code_bytes", made.code_bytes},
                    {"real", made.real},
                    {"exact", made.exact},
                    {"errors", std::move(errors)}});
  }
  return {{"shared_object", batch.shared_object.string()},
          {"library", batch.library},
          {"made", std::move(list)}};
}

/// Of our own writing, by a process that came to its end.
Batch batch_of(const Json& json) {
  Batch batch{json.at("shared_object").get<std::string>(), json.at("library"), {}};
  for (const Json& one : json.at("made")) {
    Made made{one.at("code_bytes"), one.at("real"), one.at("exact"), {}};
    for (const Json& said : one.at("errors")) {
      Error error = lost(said.at("message"));
      error.field = said.at("field");
      made.errors.push_back(std::move(error));
    }
    batch.made.push_back(std::move(made));
  }
  return batch;
}

}  // namespace

std::vector<Result<Candidate>> compile_candidates(const spec::Layer& layer,
                                                  const targets::Target& target,
                                                  const std::vector<schedules::Point>& points,
                                                  const emit::CompileOptions& options) {
  auto folder = support::TempFolder::make();
  if (!folder) return all_failed(points.size(), folder.error());
  const auto batch = build_batch(folder->path(), layer, target, points, options);
  if (!batch) return all_failed(points.size(), batch.error());
  return candidates_of(*batch, layer, std::make_shared<support::TempFolder>(std::move(*folder)));
}

Result<CandidatesAhead> CandidatesAhead::start(const spec::Layer& layer,
                                               const targets::Target& target,
                                               const std::vector<schedules::Point>& points,
                                               const emit::CompileOptions& options) {
  auto made = support::TempFolder::make();
  if (!made) return fail(std::move(made.error()));
  auto folder = std::make_shared<support::TempFolder>(std::move(*made));
  auto process = support::Background::start([&] {
    auto batch = build_batch(folder->path(), layer, target, points, options);
    if (!batch) batch = Batch{{}, {}, std::vector<Made>(points.size(), {0, {}, {}, batch.error()})};
    (void)support::write_file(folder->path() / kReport, to_json(*batch).dump());
  });
  if (!process) return fail(std::move(process.error()));
  return CandidatesAhead(layer, std::move(folder), std::move(*process));
}

std::vector<Result<Candidate>> CandidatesAhead::take() {
  if (!process_.wait()) return {};
  const auto text = support::read_file(folder_->path() / kReport);
  const Json json = text ? Json::parse(*text, nullptr, false) : Json();
  if (!json.is_object()) return {};
  return candidates_of(batch_of(json), layer_, folder_);
}

}  // namespace sepconv::cli

// Measure: the gate: layers and targets to rows that say which kernels are right. Knows no
// compiler and no output format.
#include "measure/verify.h"

#include <algorithm>
#include <map>
#include <utility>

#include "measure/check.h"
#include "measure/fill.h"
#include "measure/library.h"
#include "spec/name.h"
#include "support/interrupt.h"
#include "support/process.h"

namespace sepconv::measure {

namespace {

/// What the builder is asked for: layers under canonical names, each once, and their exact twins.
struct Wanted {
  BuildRequest request;
  std::map<std::string, size_t> index;         ///< by the name asked for
  std::map<std::string, std::string> twin_of;  ///< by canonical name: the twin's name asked for

  void add(spec::Layer layer) {
    layer.count = 1;
    layer.name = spec::canonical_name(layer);
    if (!index.emplace(layer.name, request.layers.size()).second) return;
    request.point_of.push_back(request.layers.size());
    request.layers.push_back(std::move(layer));
  }

  /// A twin has its layer's point. One that is asked for with another layer's gets a name of its
  /// own.
  void add_twin(const spec::Layer& layer) {
    const std::string name = spec::canonical_name(layer);
    spec::Layer twin = exact_twin(layer);
    const size_t of = index.at(name);
    if (twin_of.contains(name)) return;
    const auto same = index.find(twin.name);
    if (same != index.end() && request.point_of[same->second] != of) {
      twin.name = "exact_twin_" + std::to_string(of);
    }
    twin_of.emplace(name, twin.name);
    if (!index.emplace(twin.name, request.layers.size()).second) return;
    request.point_of.push_back(of);
    request.layers.push_back(std::move(twin));
  }
};

/// What came of one target.
struct TargetBuild {
  Status status = Status::passed;  ///< otherwise that of all its rows
  std::string reason;
  Built built;
  std::optional<Library> library;
  std::optional<RemoteLibrary> remote;
};

std::string text(const Errors& errors) {
  std::string all;
  for (const Error& error : errors) {
    if (!all.empty()) all += "; ";
    all += error.message;
    if (!error.hint.empty()) all += " (" + error.hint + ")";
  }
  return all;
}

void open_remote(const Runner& runner, TargetBuild& result) {
  auto library = RemoteLibrary::open(result.built.shared_object, result.built.library, runner);
  if (library) {
    result.remote = std::move(*library);
    return;
  }
  const bool elsewhere = library.error().front().kind == ErrorKind::environment;
  result.status = elsewhere ? Status::skipped : Status::failed;
  result.reason = (elsewhere ? "cannot run through the runner: " : "") + text(library.error());
}

TargetBuild build_target(const targets::Target& target, const Wanted& wanted, const Builder& build,
                         const std::optional<Runner>& runner) {
  TargetBuild result;
  std::string why;
  if (!runner && !targets::runs_here(target, &why)) {
    result.status = Status::skipped;
    result.reason = "cannot run here: " + why;
    return result;
  }
  auto built = build(wanted.request, target);
  if (!built) {
    result.status = support::interrupted() ? Status::skipped : Status::failed;
    result.reason = "could not be built: " + text(built.error());
    return result;
  }
  result.built = std::move(*built);
  if (result.built.shared_object.empty()) return result;  // every layer carries its own errors
  if (runner) {
    open_remote(*runner, result);
    return result;
  }
  auto library = Library::open(result.built.shared_object, result.built.library);
  if (library) {
    result.library = std::move(*library);
  } else {
    result.status = Status::failed;
    result.reason = text(library.error());
  }
  return result;
}

/// The kernel of a name asked for, or why there is none.
struct Found {
  Kernel kernel;
  std::string point, problem;
};

Found find(const TargetBuild& build, const Wanted& wanted, const std::string& name) {
  Found found;
  const BuiltLayer& layer = build.built.layers[wanted.index.at(name)];
  found.point = layer.point;
  if (!layer.errors.empty()) {
    found.problem = "does not compile: " + text(layer.errors);
  } else if (!build.library && !build.remote) {
    found.problem = "is missing from the built library";
  } else {
    // A library built before holds twins under their canonical names only.
    const spec::Layer& asked = wanted.request.layers[wanted.index.at(name)];
    auto kernel = build.remote ? build.remote->kernel(asked) : build.library->kernel(name);
    if (!kernel && !build.remote) kernel = build.library->kernel(spec::canonical_name(asked));
    if (kernel) {
      found.kernel = std::move(*kernel);
    } else {
      found.problem = text(kernel.error());
    }
  }
  return found;
}

void set(const Outcome& outcome, VerifyRow& row) {
  row.status = outcome.status;
  row.reason = outcome.reason;
  const bool computed = outcome.status == Status::passed || outcome.status == Status::mistrusted ||
                        outcome.max_error > 0;
  if (!computed) return;
  row.max_error = outcome.max_error;
  row.bound = outcome.bound;
}

/// One layer's rows under way; its values serve every target.
struct Subject {
  const spec::Layer& layer;
  std::string twin;  ///< the exact twin's name in the library
  std::optional<Prepared> prepared;
};

void check_row(Subject& subject, const TargetBuild& build, const Wanted& wanted,
               const VerifyOptions& options, VerifyRow& row) {
  row.status = build.status;
  row.reason = build.reason;
  if (build.status != Status::passed) return;
  const Found real = find(build, wanted, row.name);
  const Found exact = find(build, wanted, subject.twin);
  if (!real.problem.empty() || !exact.problem.empty()) {
    row.status = Status::failed;
    row.reason = !real.problem.empty() ? real.problem : "its exact twin " + exact.problem;
    return;
  }
  if (!subject.prepared) {
    const int threads = std::max(options.threads, support::core_count());
    subject.prepared = prepare(subject.layer, threads);
  }
  const Prepared& prepared = *subject.prepared;
  set(isolated(options.row_seconds,
               [&] { return check(prepared, exact.kernel, real.kernel, options.threads); }),
      row);
  if (row.status == Status::passed && real.point != exact.point) {
    row.status = Status::mistrusted;
    row.reason = "the exact pass ran another schedule: " + exact.point + " for " + real.point;
  }
}

VerifyRow begin_row(const spec::Layer& layer, const targets::Target& target,
                    const VerifyOptions& options) {
  VerifyRow row;
  row.layer = layer.name;
  row.name = spec::canonical_name(layer);
  row.target = target.name;
  if (options.repeat) row.repeat = options.repeat(layer, target);
  return row;
}

}  // namespace

std::vector<VerifyRow> verify(const std::vector<spec::Layer>& layers,
                              const std::vector<targets::Target>& targets, const Builder& build,
                              const VerifyOptions& options) {
  Wanted wanted;
  for (const spec::Layer& layer : layers) wanted.add(layer);
  for (const spec::Layer& layer : layers) wanted.add_twin(layer);
  std::vector<TargetBuild> builds;
  for (const auto& target : targets) {
    const auto runner = options.runner ? options.runner(target) : std::nullopt;
    builds.push_back(build_target(target, wanted, build, runner));
  }
  std::map<std::pair<std::string, size_t>, VerifyRow> checked;  // layers may repeat
  std::vector<VerifyRow> rows;
  for (const spec::Layer& layer : layers) {
    Subject subject{layer, wanted.twin_of.at(spec::canonical_name(layer)), {}};
    for (size_t t = 0; t < targets.size(); ++t) {
      VerifyRow row = begin_row(layer, targets[t], options);
      const auto [seen, fresh] = checked.try_emplace({row.name, t});
      if (support::interrupted()) {
        row.reason = "interrupted";
      } else if (fresh) {
        check_row(subject, builds[t], wanted, options, row);
        seen->second = row;
      } else {
        row.status = seen->second.status;
        row.reason = seen->second.reason;
        row.max_error = seen->second.max_error;
        row.bound = seen->second.bound;
      }
      rows.push_back(std::move(row));
      if (options.progress) {
        options.progress(rows.back(), rows.size(), layers.size() * targets.size());
      }
    }
  }
  return rows;
}

}  // namespace sepconv::measure

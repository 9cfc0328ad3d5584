// Bench, peers: which rivals are installed, and how the others are had. Knows no layer.
#include "bench/peers/find.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace sepconv::bench {
namespace {

struct Known {
  const char* name;
  targets::Device device;
};
constexpr Known kKnown[] = {{"onednn", targets::Device::cpu},
                            {"xnnpack", targets::Device::cpu},
                            {"onnxruntime", targets::Device::cpu},
                            {"cudnn", targets::Device::cuda}};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Error unknown(const std::string& name) {
  Error error;
  error.kind = ErrorKind::usage;
  error.field = "--peers";
  error.value = name;
  error.message = "no rival has this name";
  error.hint = "rivals are onednn, xnnpack, onnxruntime and, on CUDA, cudnn";
  return error;
}

Error missing(const std::string& name, const std::filesystem::path& program) {
  Error error;
  error.kind = ErrorKind::environment;
  error.file = program.string();
  error.field = "--peers";
  error.value = name;
  error.message = "this rival is not installed, so its columns stay empty";
  error.hint = "scripts/peers installs it there; SEPCONV_PEERS_DIR names another folder";
  return error;
}

}  // namespace

std::filesystem::path peers_folder() {
  if (const std::string set = variable("SEPCONV_PEERS_DIR"); !set.empty()) return set;
  std::filesystem::path data = variable("XDG_DATA_HOME");
  if (data.empty()) data = std::filesystem::path(variable("HOME")) / ".local" / "share";
  return data / "sepconv" / "peers";
}

Result<FoundPeers> find_peers(const std::vector<std::string>& names) {
  FoundPeers found;
  Errors errors;
  std::vector<std::string> seen;
  for (const std::string& name : names) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    const auto* known = std::find_if(std::begin(kKnown), std::end(kKnown),
                                     [&](const Known& one) { return one.name == name; });
    if (known == std::end(kKnown)) {
      errors.push_back(unknown(name));
      continue;
    }
    const auto program = peers_folder() / "bin" / name;
    if (access(program.c_str(), X_OK) == 0) {
      found.peers.push_back({name, program, known->device});
    } else {
      found.missing.push_back(missing(name, program));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return found;
}

}  // namespace sepconv::bench

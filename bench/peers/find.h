// Bench, peers: which rivals are installed, and how the others are had. Knows no layer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/error.h"
#include "targets/target.h"

namespace sepconv::bench {

/// A rival's program. It speaks the dialogue of session.h.
struct Peer {
  std::string name;
  std::filesystem::path program;
  targets::Device device = targets::Device::cpu;  ///< that executes its kernels
};

/// The folder that scripts/peers fills: SEPCONV_PEERS_DIR, else sepconv/peers under XDG_DATA_HOME
/// or ~/.local/share.
[[nodiscard]] std::filesystem::path peers_folder();

struct FoundPeers {
  std::vector<Peer> peers;
  Errors missing;  ///< kind environment, one per rival that is not installed
};

/// The named rivals, in that order, each once. Kind usage for a name that is none.
[[nodiscard]] Result<FoundPeers> find_peers(const std::vector<std::string>& names);

}  // namespace sepconv::bench

// Emit, private: the texts beside an archive: header, manifest, CMake package, notices. Knows
// layers only as the words and numbers given here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "emit/descriptors.h"
#include "emit/library.h"

namespace sepconv::emit {

/// What header and manifest say of one layer, next to its LayerData.
struct LayerWords {
  std::vector<std::string> lines;             ///< the layer in words, one stage a line
  int64_t flops = 0;                          ///< of one call with the tuned batch, 2 per MAC
  int64_t workspace_bytes = 0;                ///< for one thread, the largest of all variants
  std::vector<std::string> schedules;         ///< per target of the library: the point as text
  std::vector<std::string> sources;           ///< per target: heuristic, db or forced
  std::vector<std::string> records;           ///< per target: the database's record, mostly empty
  int64_t code_bytes = 0;                     ///< of all targets
  std::vector<std::vector<Launch>> launches;  ///< per target: on a device, one a phase
};

struct LibraryWords {
  LibraryData data;
  std::vector<LayerWords> layers;    ///< as data.layers
  std::vector<std::string> targets;  ///< as given, best first
  std::string command;               ///< regenerates the library; without paths
  std::string tool_version, halide_version;
  int packing_version = 1;
};

/// <name>.h: C99 and C++17, for people first.
[[nodiscard]] std::string header_text(const LibraryWords& words);
/// manifest.json; `files` maps relative paths to SHA-256.
[[nodiscard]] std::string manifest_text(const LibraryWords& words,
                                        const std::map<std::string, std::string>& files);
/// cmake/<name>Config.cmake: the imported target <name>::<name>, relative to its own place.
[[nodiscard]] std::string cmake_text(const LibraryWords& words);
/// LICENSES/NOTICE.txt.
[[nodiscard]] std::string notice_text(const LibraryWords& words);

}  // namespace sepconv::emit

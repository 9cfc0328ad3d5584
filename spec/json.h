// Spec: layer files of format sepconv-layers/1 to values and back.
#pragma once

#include <string>
#include <string_view>

#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::spec {

/// Reads and validates; all errors of the file at once, JSON syntax errors with line and column.
[[nodiscard]] Result<LayerFile> read_layer_file(const std::string& path);
[[nodiscard]] Result<LayerFile> parse_layer_file(std::string_view text, const std::string& path);

/// The canonical text of a layer file, every applicable field written; parse(write(f)) == f.
[[nodiscard]] std::string write_layer_file(const LayerFile& file);

}  // namespace sepconv::spec

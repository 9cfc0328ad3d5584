// Spec: every precondition of a layer, with its numeric reason, in one place. Knows no files.
#pragma once

#include <string>
#include <string_view>

#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::spec {

/// All violations at once (empty: valid). `file` and `path` (e.g. "layers[3]") locate the errors.
/// Safe for any values whatever: size arithmetic cannot overflow.
[[nodiscard]] Errors validate(const Layer& layer, std::string_view file = {},
                              std::string_view path = {});

/// The two halves of validate: values one by one, and what follows from several of them (output
/// extents, sizes, residual shapes). The second requires that the first found nothing but names and
/// counts.
[[nodiscard]] Errors validate_values(const Layer& layer, std::string_view file = {},
                                     std::string_view path = {});
[[nodiscard]] Errors validate_sizes(const Layer& layer, std::string_view file = {},
                                    std::string_view path = {});

/// Whether text may name a layer or a library (layers `[a-z][a-z0-9_]*`, libraries a C identifier;
/// at most 63 characters, no C or C++ keyword, no reserved word); otherwise why not.
[[nodiscard]] bool valid_layer_name(std::string_view text, std::string* why);
[[nodiscard]] bool valid_library_name(std::string_view text, std::string* why);

}  // namespace sepconv::spec

// Spec: the canonical one-word name of a layer, both ways. Knows no files.
#pragma once

#include <string>
#include <string_view>

#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::spec {

/// The canonical name: `<op>_<dtype>_n#h#w#c#[_m#][_e#][_o#][_k#[x#]s#[x#]p#[x#x#x#][d#[x#]]]_
/// <activation of each
/// stage>[_res][_nobias][_nodwbias][_noexpbias][_acc<dtype>][_nchw][_is#][_os#]`, at most 127
/// characters. The same layer always gives the same word, whatever its name and count.
[[nodiscard]] std::string canonical_name(const Layer& layer);

/// The inverse: parse_name(canonical_name(l)) == l but for name (the word itself) and count (1).
/// Only the canonical spelling is accepted; the result is validated.
[[nodiscard]] Result<Layer> parse_name(std::string_view word);

}  // namespace sepconv::spec

// Emit, private: device code and its one launch a phase, out of what Halide lowered, as an object
// of data. Knows no layer.
#pragma once

#include <Halide.h>

#include <filesystem>
#include <string>
#include <vector>

#include "emit/job.h"

namespace sepconv::emit {

/// Whether code for the target runs on a device.
[[nodiscard]] bool is_device(const Halide::Target& target);

/// The only launch of a lowered function. Kind internal when there is none or several, or when it
/// depends on a number that is known only at run time.
[[nodiscard]] Result<Launch> find_launch(const Halide::Internal::LoweredFunc& function);

/// The module's PTX or OpenCL C, without a final zero.
[[nodiscard]] std::string device_source(const Halide::Module& module);

/// Assembles `folder`/kernel.o, which holds every phase's sources and launches as data laid out
/// like runtime/src/kernel.h, under the phases' symbols.
[[nodiscard]] Result<void> write_device_object(const Job& job, const std::vector<Launch>& launches,
                                               const std::vector<std::string>& sources,
                                               const std::filesystem::path& folder);

/// Registers and spilled bytes of PTX on every GPU generation that runs it and that the installed
/// ptxas knows, under the cap that the runtime sets. Kind internal when ptxas refuses the code.
[[nodiscard]] Result<std::vector<Launch::Registers>> count_registers(
    const std::string& ptx, const Halide::Target& target, const std::filesystem::path& folder);

}  // namespace sepconv::emit

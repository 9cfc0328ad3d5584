// Emit: the fields that an error names when a compile worker exceeded a limit, so that callers tell
// such ends apart. Knows no worker.
#pragma once

namespace sepconv::emit {

inline constexpr const char* kTimeLimit = "limits.seconds";
inline constexpr const char* kMemoryLimit = "limits.memory_bytes";

}  // namespace sepconv::emit

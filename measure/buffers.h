// Measure: memory that notices every access outside it. Knows no tensor and no kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "support/error.h"

namespace sepconv::measure {

/// Where data lies between its two inaccessible zones.
enum class Placement {
  end,    ///< its last byte is the last before the zone behind it (but for alignment)
  start,  ///< its first byte is the first after the zone before it
  /// Its first byte lies some multiple of 64 bytes into a page, another one from buffer to buffer,
  /// as in an app's arena: tensors that share their low address bits make any kernel slower.
  staggered,
};

/// Anonymous memory between two inaccessible zones of 1 MiB. Movable; unmapped with the value.
/// What alignment leaves between data and zone holds a pattern that intact() looks at.
class GuardedBuffer {
 public:
  /// `name` (static lifetime) is what a fault is reported with. `alignment` is a power of two, at
  /// most a page; it holds for the first byte. The data is filled with poison(). Kind environment
  /// when the system refuses the memory.
  [[nodiscard]] static Result<GuardedBuffer> make(const char* name, size_t bytes, size_t alignment,
                                                  Placement placement);
  GuardedBuffer() = default;
  GuardedBuffer(GuardedBuffer&& other) noexcept;
  GuardedBuffer& operator=(GuardedBuffer&& other) noexcept;
  ~GuardedBuffer();

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  /// Overwrites the data with quiet NaNs of an uncommon payload.
  void poison();
  /// From now on a write into the data is a fault (or, again, allowed).
  void set_read_only(bool read_only);
  /// Whether nothing wrote into the slack beside the data.
  [[nodiscard]] bool intact() const;

 private:
  std::byte* mapping_ = nullptr;
  size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  int slot_ = -1;
  const char* name_ = "";

  void place(size_t alignment, Placement placement, size_t before);
  void release();
};

/// The bits that poison() repeats: quiet NaNs as f32, and as f16 both halves of it.
inline constexpr uint32_t kPoison = 0x7fe17fe1;

/// Says, for the address of a fault, which living buffer it concerns: "accessed 4 bytes after the
/// end of output". Empty when none. Writes at most `room` bytes into `text`; safe in a signal
/// handler.
void describe_fault(const void* address, char* text, size_t room);

}  // namespace sepconv::measure

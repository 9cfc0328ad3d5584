// Measure: memory that notices every access outside it. Knows no tensor and no kernel.
#include "measure/buffers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "measure/append.h"
#include "support/files.h"

namespace sepconv::measure {

namespace {

constexpr size_t kZone = size_t{1} << 20;
constexpr std::byte kSlack{0xa5};

/// Living buffers, for the signal handler: plain data at fixed addresses.
struct Slot {
  std::atomic<bool> used = false;
  const char* name = "";
  uintptr_t first = 0, last = 0;  ///< of the mapping, zones included
  uintptr_t data = 0, end = 0;
};
std::array<Slot, 64> slots;

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Bytes into a page, different for any few buffers made in turn.
size_t next_stagger(size_t alignment) {
  static std::atomic<size_t> turn{0};
  constexpr size_t kStep = 64;
  const size_t places = page_bytes() / kStep;
  const size_t offset = kStep * (turn++ * 9 % (places - 3));
  return offset / std::max(alignment, kStep) * std::max(alignment, kStep);
}

int take_slot() {
  for (size_t i = 0; i < slots.size(); ++i) {
    bool expected = false;
    if (slots[i].used.compare_exchange_strong(expected, true)) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

Result<GuardedBuffer> GuardedBuffer::make(const char* name, size_t bytes, size_t alignment,
                                          Placement placement) {
  const size_t before = placement == Placement::staggered ? next_stagger(alignment) : 0;
  const size_t room = round_up(std::max<size_t>(before + bytes, 1), page_bytes());
  void* mapping = mmap(nullptr, room + 2 * kZone, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    return fail(support::system_error("reserving memory for a guarded buffer", name, errno));
  }
  GuardedBuffer result;
  result.name_ = name;
  result.mapping_ = static_cast<std::byte*>(mapping);
  result.mapped_bytes_ = room + 2 * kZone;
  if (mprotect(result.mapping_ + kZone, room, PROT_READ | PROT_WRITE) != 0) {
    return fail(support::system_error("making a guarded buffer accessible", name, errno));
  }
  result.bytes_ = bytes;
  result.place(alignment, placement, before);
  std::byte* first = result.mapping_ + kZone;
  std::byte* end = result.data_ + bytes;
  std::memset(first, static_cast<int>(kSlack), static_cast<size_t>(result.data_ - first));
  std::memset(end, static_cast<int>(kSlack), static_cast<size_t>(first + room - end));
  result.poison();
  return result;
}

void GuardedBuffer::place(size_t alignment, Placement placement, size_t before) {
  const size_t room = mapped_bytes_ - 2 * kZone;
  const size_t offset =
      placement == Placement::end ? (room - bytes_) / alignment * alignment : before;
  data_ = mapping_ + kZone + offset;
  slot_ = take_slot();
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<size_t>(slot_)];
  slot.name = name_;
  slot.first = reinterpret_cast<uintptr_t>(mapping_);
  slot.last = slot.first + mapped_bytes_;
  slot.data = reinterpret_cast<uintptr_t>(data_);
  slot.end = slot.data + bytes_;
}

GuardedBuffer::GuardedBuffer(GuardedBuffer&& other) noexcept { *this = std::move(other); }

GuardedBuffer& GuardedBuffer::operator=(GuardedBuffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  mapping_ = std::exchange(other.mapping_, nullptr);
  mapped_bytes_ = std::exchange(other.mapped_bytes_, 0);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  slot_ = std::exchange(other.slot_, -1);
  name_ = other.name_;
  return *this;
}

GuardedBuffer::~GuardedBuffer() { release(); }

void GuardedBuffer::release() {
  if (slot_ >= 0) {
    slots[static_cast<size_t>(slot_)].first = slots[static_cast<size_t>(slot_)].last = 0;
    slots[static_cast<size_t>(slot_)].used = false;
  }
  if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
  mapping_ = nullptr;
  slot_ = -1;
}

void GuardedBuffer::poison() {
  static const std::array<uint32_t, 1024> block = [] {
    std::array<uint32_t, 1024> values{};
    values.fill(kPoison);
    return values;
  }();
  for (size_t at = 0; at < bytes_; at += sizeof(block)) {
    std::memcpy(data_ + at, block.data(), std::min(sizeof(block), bytes_ - at));
  }
}

void GuardedBuffer::set_read_only(bool read_only) {
  mprotect(mapping_ + kZone, mapped_bytes_ - 2 * kZone,
           read_only ? PROT_READ : PROT_READ | PROT_WRITE);
}

bool GuardedBuffer::intact() const {
  const std::byte* first = mapping_ + kZone;
  const std::byte* last = mapping_ + mapped_bytes_ - kZone;
  const auto untouched = [](std::byte value) { return value == kSlack; };
  return std::all_of(first, static_cast<const std::byte*>(data_), untouched) &&
         std::all_of(static_cast<const std::byte*>(data_) + bytes_, last, untouched);
}

void describe_fault(const void* address, char* text, size_t room) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  Appender out{text, room};
  for (const Slot& slot : slots) {
    if (!slot.used || at < slot.first || at >= slot.last) continue;
    if (at < slot.data) {
      out.add("accessed ").add(slot.data - at).add(" bytes before the start of ");
    } else if (at >= slot.end) {
      out.add("accessed ").add(at - slot.end).add(" bytes after the end of ");
    } else {
      out.add("wrote at byte ").add(at - slot.data).add(" into the read-only ");
    }
    out.add(slot.name);
    return;
  }
}

}  // namespace sepconv::measure

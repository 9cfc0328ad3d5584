// Measure: builds text in fixed room, also inside a signal handler. Knows no meaning.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sepconv::measure {

/// Appends to a zero-terminated text; what does not fit is dropped. No allocation, no locks.
class Appender {
 public:
  Appender(char* text, size_t room) : text_(text), room_(room) {
    if (room_ > 0) text_[0] = '\0';
  }
  Appender& add(const char* more) {
    while (*more != '\0' && used_ + 1 < room_) text_[used_++] = *more++;
    if (room_ > 0) text_[used_] = '\0';
    return *this;
  }
  Appender& add(uint64_t number) {
    char digits[24];
    size_t first = sizeof(digits) - 1;
    digits[first] = '\0';
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return add(digits + first);
  }

 private:
  char* text_;
  size_t room_;
  size_t used_ = 0;
};

}  // namespace sepconv::measure

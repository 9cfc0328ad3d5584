// Measure: what a status of the C API means, in words. Knows no call.
#include "measure/status_text.h"

namespace sepconv::measure {

namespace {

const char* meaning(sepconv_status status) {
  switch (status) {
    case SEPCONV_OK:
      return "ok";
    case SEPCONV_NULL_POINTER:
      return "a required pointer is null";
    case SEPCONV_BAD_EXTENT:
      return "a tensor's extents are not the kernel's";
    case SEPCONV_BAD_STRIDE:
      return "a tensor's strides are not the compiled ones";
    case SEPCONV_MISALIGNED:
      return "a pointer is not aligned as the kernel needs";
    case SEPCONV_OVERLAP:
      return "the output overlaps another buffer";
    case SEPCONV_SHORT_BUFFER:
      return "the packed weights or their room are too small";
    case SEPCONV_SHORT_WORKSPACE:
      return "the workspace is too small";
    case SEPCONV_WRONG_BLOB:
      return "the weights were packed for another layer, layout or ABI";
    case SEPCONV_UNSUPPORTED_CPU:
      return "no variant of the library runs on this CPU and OS";
    case SEPCONV_UNKNOWN_TARGET:
      return "SEPCONV_TARGET names no variant of the library";
    case SEPCONV_BAD_ARGUMENT:
      return "an argument is outside its domain";
    case SEPCONV_NOT_SPLITTABLE:
      return "the kernel has several phases";
    case SEPCONV_ABI_MISMATCH:
      return "header and library are of different ABI versions";
  }
  return "an unknown status";
}

}  // namespace

std::string status_text(sepconv_status status) {
  return "status " + std::to_string(static_cast<int>(status)) + " (" + meaning(status) + ")";
}

}  // namespace sepconv::measure

/* Tests of runtime: sepconv.h in C99, in the other translation unit. */
#include <sepconv/sepconv.h>

const char* headers_other_c99_message(sepconv_status status);

const char* headers_other_c99_message(sepconv_status status) {
  return sepconv_status_message(status);
}

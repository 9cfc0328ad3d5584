/* Runtime: finds a driver's library and asks it once what it can do. Knows neither CUDA nor OpenCL.
 */
#include "device.h"

int sepconv_load_functions(const char* const* names, const char* const* symbols, int count,
                           void** functions) {
  enum { NOW_AND_LOCAL = 2 };
  for (; *names != NULL; ++names) {
    void* library = dlopen(*names, NOW_AND_LOCAL);
    if (library == NULL) continue;
    int found = 0;
    while (found < count && (functions[found] = dlsym(library, symbols[found])) != NULL) ++found;
    if (found == count) return 1;
  }
  return 0;
}

const sepconv_driver* sepconv_probe_once(sepconv_driver* driver, int* state,
                                         uint64_t (*probe)(void)) {
  enum { UNREAD = 0, BEING_READ = 1, READ = 2 };
  while (__atomic_load_n(state, __ATOMIC_ACQUIRE) != READ) {
    int unread = UNREAD;
    if (__atomic_compare_exchange_n(state, &unread, BEING_READ, 0, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
      driver->features = probe();
      __atomic_store_n(state, READ, __ATOMIC_RELEASE);
    } else {
      sched_yield();
    }
  }
  return driver;
}

/* Runtime, private: what this CPU and OS can execute, as bits. Knows no kernel. */
#ifndef SEPCONV_RUNTIME_CPU_H
#define SEPCONV_RUNTIME_CPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEPCONV_CPU_X86_64_V2 (1ull << 0) /* SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT, CX16 */
#define SEPCONV_CPU_X86_64_V3 \
  (1ull << 1) /* AVX, AVX2, FMA, F16C, BMI1, BMI2, LZCNT, MOVBE, and XCR0 */
#define SEPCONV_CPU_X86_64_V4 (1ull << 2) /* AVX-512 F, BW, CD, DQ, VL, and XCR0 */
#define SEPCONV_CPU_AVX512_VNNI \
  (1ull << 3) /* VNNI, VBMI, VBMI2, IFMA, BITALG, VPOPCNTDQ, GFNI... of zen4 */
#define SEPCONV_CPU_AVX512_BF16 (1ull << 4)
#define SEPCONV_CPU_ARM64 (1ull << 16)
#define SEPCONV_CPU_ARM64_DOTPROD (1ull << 17)
#define SEPCONV_CPU_ARM64_FP16 (1ull << 18)

/* Bits of devices beside the CPU, which sepconv_device_features answers. */
#define SEPCONV_DEVICE_CUDA_80 (1ull << 32) /* a driver, and a GPU of compute capability 8.0 up */
#define SEPCONV_DEVICE_CUDA_86 (1ull << 33) /* likewise 8.6 */
#define SEPCONV_DEVICE_OPENCL (1ull << 34)  /* a loader and a device with a compiler */
#define SEPCONV_DEVICE_CUDA (SEPCONV_DEVICE_CUDA_80 | SEPCONV_DEVICE_CUDA_86)
#define SEPCONV_DEVICE_BITS (SEPCONV_DEVICE_CUDA | SEPCONV_DEVICE_OPENCL)
#define SEPCONV_DEVICE_OPENCL_GPU (1ull << 35) /* OpenCL's device is a GPU; no code requires it */

/* The bits that hold for this CPU and OS. Cheap; the same value every time. */
uint64_t sepconv_cpu_features(void);

/* The bits of devices that hold, of those kinds of device that are `wanted`. Asked for the first
 * time, a kind's driver is loaded, if there is one, and initialised; the others stay untouched. */
uint64_t sepconv_device_features(uint64_t wanted);

#ifdef __cplusplus
}
#endif
#endif

// Measure, device: the small kernels that find a device's ceilings, as PTX and OpenCL C. Knows no
// driver and no clock.
#include "measure/device/code.h"

#include <fmt/core.h>

namespace sepconv::measure {
namespace {

// PTX for the oldest GPU that a target names. The text is written by hand: a compiler would merge
// chains, or drop loads that nothing uses.
constexpr const char* kPtxHead = ".version 7.0\n.target sm_80\n.address_size 64\n";

constexpr int kChains = 8, kUnrolled = 32, kIterations = 16;
/// Of OpenCL's chains: a CPU behind it may not join threads to vectors by itself.
constexpr int kLanes = 8;

std::string peak_ptx() {
  std::string code = fmt::format(
      "{}.visible .entry sepconv_measure(.param .u64 out)\n{{\n"
      ".reg .f32 %f<16>;\n.reg .b32 %r<4>;\n.reg .b64 %d<4>;\n.reg .pred %p;\n"
      "mov.u32 %r1, %tid.x;\ncvt.rn.f32.u32 %f14, %r1;\nmov.f32 %f15, 0f3F000000;\n",
      kPtxHead);
  for (int i = 0; i < kChains; ++i) code += fmt::format("mov.f32 %f{}, %f14;\n", i);
  code += "mov.u32 %r2, 0;\nagain:\n";
  for (int i = 0; i < kUnrolled * kChains; ++i) {
    code += fmt::format("fma.rn.f32 %f{0}, %f{0}, %f15, %f14;\n", i % kChains);
  }
  code +=
      fmt::format("add.u32 %r2, %r2, 1;\nsetp.lt.u32 %p, %r2, {};\n@%p bra again;\n", kIterations);
  for (int i = 1; i < kChains; ++i) code += fmt::format("add.f32 %f0, %f0, %f{};\n", i);
  return code +
         "ld.param.u64 %d1, [out];\ncvta.to.global.u64 %d1, %d1;\nmul.wide.u32 %d2, %r1, 4;\n"
         "add.u64 %d1, %d1, %d2;\nst.global.f32 [%d1], %f0;\nret;\n}\n";
}

std::string peak_opencl() {
  std::string code =
      "__kernel void sepconv_measure(__global float* out, __local int* unused) {\n"
      "const float8 x = (float8)((float)get_local_id(0));\nfloat8 ";
  for (int i = 0; i < kChains; ++i) code += fmt::format("{}s{} = x", i > 0 ? ", " : "", i);
  code += fmt::format(";\nfor (int i = 0; i < {}; ++i) {{\n", kIterations);
  for (int i = 0; i < kUnrolled * kChains; ++i) {
    code += fmt::format("s{0} = fma(s{0}, (float8)(0.5f), x);\n", i % kChains);
  }
  code += "}\n";
  for (int i = 1; i < kChains; ++i) code += fmt::format("s0 += s{};\n", i);
  return code +
         "out[get_local_id(0)] = s0.s0 + s0.s1 + s0.s2 + s0.s3 + s0.s4 + s0.s5 + s0.s6 + s0.s7;\n"
         "}\n";
}

/// A value that is never summed, so that a kernel that only reads needs its loads.
std::string stream_ptx(const Stream& stream) {
  std::string code = fmt::format(
      "{}.visible .entry sepconv_measure(.param .u64 from, .param .u64 to)\n{{\n"
      ".reg .f32 %f<8>;\n.reg .b32 %r<8>;\n.reg .b64 %d<8>;\n.reg .pred %p<3>;\n"
      "mov.u32 %r1, %ctaid.x;\nmov.u32 %r2, %tid.x;\nmad.lo.u32 %r1, %r1, {}, %r2;\n"
      "ld.param.u64 %d1, [from];\ncvta.to.global.u64 %d1, %d1;\n"
      "ld.param.u64 %d2, [to];\ncvta.to.global.u64 %d2, %d2;\n"
      "mov.u32 %r3, 0;\nmov.f32 %f0, 0f00000000;\n",
      kPtxHead, kMeasureThreads);
  for (int i = 4; i < 8; ++i) code += fmt::format("mov.f32 %f{}, 0f3F800000;\n", i);
  code += "again:\nmul.wide.u32 %d3, %r1, 16;\nadd.u64 %d4, %d1, %d3;\nadd.u64 %d5, %d2, %d3;\n";
  if (stream.reads) code += "ld.global.cg.v4.f32 {%f4, %f5, %f6, %f7}, [%d4];\n";
  if (stream.writes) {
    code += "st.global.cg.v4.f32 [%d5], {%f4, %f5, %f6, %f7};\n";
  } else {
    for (int i = 4; i < 8; ++i) code += fmt::format("add.f32 %f0, %f0, %f{};\n", i);
  }
  code += fmt::format(
      "add.u32 %r1, %r1, {};\nand.b32 %r1, %r1, {};\nadd.u32 %r3, %r3, 1;\n"
      "setp.lt.u32 %p1, %r3, {};\n@%p1 bra again;\n"
      "setp.eq.f32 %p2, %f0, 0f7F800000;\n@%p2 st.global.f32 [%d2], %f0;\nret;\n}}\n",
      stream.threads, stream.vectors - 1, stream.passes);
  return code;
}

std::string stream_opencl(const Stream& stream) {
  return fmt::format(
      "__kernel void sepconv_measure(__global const float4* from, __global float4* to,\n"
      "                              __local int* unused) {{\n"
      "uint i = get_global_id(0);\nfloat4 sum = 0.0f, v = 1.0f;\n"
      "for (uint pass = 0; pass < {}; ++pass) {{\n{}{}i = (i + {}) & {};\n}}\n"
      "if (sum.x == INFINITY) to[0] = sum;\n}}\n",
      stream.passes, stream.reads ? "v = from[i];\n" : "",
      stream.writes ? "to[i] = v;\n" : "sum += v;\n", stream.threads, stream.vectors - 1);
}

}  // namespace

std::string peak_code(targets::Device kind) {
  return kind == targets::Device::opencl ? peak_opencl() : peak_ptx();
}

double peak_block_flops(targets::Device kind) {
  const int lanes = kind == targets::Device::opencl ? kLanes : 1;
  return 2.0 * kChains * kUnrolled * kIterations * lanes * kMeasureThreads;
}

std::string stream_code(targets::Device kind, const Stream& stream) {
  return kind == targets::Device::opencl ? stream_opencl(stream) : stream_ptx(stream);
}

}  // namespace sepconv::measure

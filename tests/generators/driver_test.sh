#!/bin/sh
# Tests of generators: Halide's driver lists the generators and writes a kernel's object and header.
# Usage: driver_test.sh <driver> <empty folder>
set -eu
driver=$1
out=$2
rm -rf "$out"
mkdir -p "$out"
target=x86-64-linux-avx-avx2-f16c-fma-sse41

generate() { # generator, layer, more parameters
  generator=$1
  layer=$2
  shift 2
  "$driver" -g "$generator" -f "${generator}_kernel" -o "$out" -e object,c_header \
    target=$target "layer=$layer" "$@"
  test -s "$out/${generator}_kernel.o" || { echo "no object of $generator" >&2; exit 1; }
  grep -q "int ${generator}_kernel(struct halide_buffer_t \*_input_buffer" "$out/${generator}_kernel.h" ||
    { echo "no function in the header of $generator" >&2; exit 1; }
}

generate depthwise dw_f32_n1h16w16c32_k3s1p1_relu6
generate pointwise pw_f32_n1h8w8c32_o32_relu phase=0
generate depthwise_separable dwpw_f32_n1h8w8c16_o32_k3s1p1_relu6_relu6
generate inverted_residual ir_f32_n1h8w8c16_e64_o16_k3s1p1_relu6_relu6_none_res
generate conv2d conv_f32_n1h8w8c3_o16_k3s2p0x0x1x1_relu6

# A wrong layer is the driver's error, not a crash and not a file.
if "$driver" -g depthwise -f wrong -o "$out" -e object target=$target layer=nonsense 2> "$out/errors"; then
  echo "a wrong layer was accepted" >&2
  exit 1
fi
grep -q "is not a canonical layer name" "$out/errors" || { cat "$out/errors" >&2; exit 1; }
test ! -e "$out/wrong.o"

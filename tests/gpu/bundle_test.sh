#!/bin/sh
# Tests of gpu: a bundle of scripts/gpu_bundle, unpacked alone, run without network and compilers where
# namespaces are allowed: bundle_test.sh SOURCE_FOLDER. Exit code 4: there is no device.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/tiny.json" <<'JSON'
{"format": "sepconv-layers/1", "name": "tiny",
 "layers": [{"name": "first", "op": "pointwise", "dtype": "f32", "layout": "nhwc", "batch": 1, "height": 9,
             "width": 9, "channels_in": 8, "channels_out": 24, "activation": "hard_swish"},
            {"name": "second", "op": "depthwise", "dtype": "f32", "layout": "nhwc", "batch": 2, "height": 9,
             "width": 9, "channels_in": 8, "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1, 1, 1],
             "activation": "relu6"}]}
JSON
"$source/scripts/gpu_bundle" "$work/bundle.tar.gz" opencl "$work/tiny.json"
mkdir "$work/there"
tar xzf "$work/bundle.tar.gz" -C "$work/there"
alone=
unshare -rn true 2> /dev/null && alone="unshare -rn"
code=0
env -i PATH=/usr/bin:/bin HOME="$work/there" $alone "$work/there/gpu_bundle/run" 300 || code=$?
cat "$work/there/gpu_bundle/results.txt"
[ "$code" != 4 ] || exit 4
[ "$code" = 0 ]
grep -q "2 of 2 layers passed" "$work/there/gpu_bundle/results/summary.txt"
grep -q '"median_us": [0-9]' "$work/there/gpu_bundle/results/tiny.json"

# Without time it says what was left, and ends.
code=0
env -i PATH=/usr/bin:/bin HOME="$work/there" $alone "$work/there/gpu_bundle/run" 1 || code=$?
[ "$code" = 2 ]
grep -q "not timed: no time is left" "$work/there/gpu_bundle/results/summary.txt"

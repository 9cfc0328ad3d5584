#!/bin/sh
# Tests of gpu: a library for a Jetson's CPU and GPU, cross-built, in an emulator:
# jetson_test.sh SEPCONV COMPILER EMULATOR FOLDER
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/layers.json" <<'JSON'
{"format": "sepconv-layers/1", "name": "mixed",
 "layers": [{"name": "first", "op": "pointwise", "dtype": "f32", "layout": "nhwc", "batch": 1, "height": 4,
             "width": 4, "channels_in": 8, "channels_out": 16, "activation": "relu"}]}
JSON
cd "$work"
"$1" generate --layers layers.json --target arm64,arm64+cuda-sm87 --out out
"$2" -std=c99 -Wall -Werror -pedantic -Iout -Iout/include "$4/consumer.c" out/libmixed.a -ldl -o app
said=$("$3" -L /usr/aarch64-linux-gnu ./app)
echo "$said"
[ "$said" = "open 15 run 0 on arm64" ]

#!/bin/sh
# Tests of cli: GNU parallel runs the shards of a session; one worker is killed on the way and
# started again; the parts join to one database with every layer and no trial twice.
# Usage: parallel_test.sh <sepconv> <empty folder>
set -eu
tool=$1
out=$2
if ! parallel --version 2>/dev/null | grep -q "GNU parallel"; then
  echo "skipped: GNU parallel is not installed (apt-get install parallel)"
  exit 77
fi
rm -rf "$out"
mkdir -p "$out"
cd "$out"

# The first run of part 1 dies as soon as its journal has a trial.
cat > part.sh <<'EOF'
#!/bin/sh
set -- "$1" "$2" tune pw_f32_n1h2w2c16_o16_relu pw_f32_n1h3w3c8_o16_none \
  --shard "$2/2" --db "part$2.db" --trials 4 --jobs 1
tool=$1
part=$2
shift 2
if [ "$part" = 1 ] && mkdir killed 2>/dev/null; then
  "$tool" "$@" &
  while ! [ -s part1.db.journal ]; do sleep 0.05; done
  kill -KILL $!
  wait $! || exit $?
fi
exec "$tool" "$@"
EOF
chmod +x part.sh

parallel --will-cite --jobs 2 --retries 3 ./part.sh "$tool" {} ::: 1 2 2> said || { cat said >&2; exit 1; }
test -d killed || { echo "no worker was killed" >&2; exit 1; }
"$tool" db merge part1.db part2.db --out all.db
"$tool" db merge part1.db.journal part2.db.journal --out all.journal
records=$(grep -c "^pw_f32" all.db)
[ "$records" = 2 ] || { echo "$records records of 2 layers" >&2; cat all.db >&2; exit 1; }
# Trials of the search: four a layer, each point once.
grep -v '"origin":"confirmation"' all.journal | sed 's/.*"layer":"\([^"]*\)".*"point":"\([^"]*\)".*/\1 \2/' |
  sort > tried
[ "$(wc -l < tried)" = 8 ] || { echo "not 8 trials:" >&2; cat tried >&2; exit 1; }
[ "$(sort -u tried | wc -l)" = 8 ] || { echo "a trial was repeated:" >&2; cat tried >&2; exit 1; }

#!/bin/sh
# data_set.sh CRISP DATA_SET FOLDER: how crisp train begins and goes on with 10, 100 and 800 pictures of 2040 x 1400, from memory and from a cache.
# CRISP is the program, DATA_SET the compiled bench/data_set.cpp, FOLDER where 800 pictures and their cache (7 GB) have room. Prints a
# table: seconds to the first step, megapixels decoded a second, most memory beside mapped pages, images a second.
set -u
crisp=${1:?usage: data_set.sh CRISP DATA_SET FOLDER} make=${2:?} work=${3:?}
mkdir -p "$work" && cd "$work" || exit 1
[ -e all ] || "$make" all 800 1400 2040 || exit 1
options="--model edsr-baseline --scale 2 --patch 24 --batch 8 --steps 60 --validate-every 60 --seed 1 --cache caches"

# most PID: the most kilobytes that the process has for itself, until it ends.
most() {
  peak=0
  while kill -0 "$1" 2>/dev/null; do
    now=$(awk '/RssAnon/ { print $2 }' "/proc/$1/status" 2>/dev/null)
    [ "${now:-0}" -gt $peak ] && peak=$now
    sleep 0.1
  done
  echo $peak
}

# run NAME PICTURES OPTIONS...: a training, and its row.
run() {
  name=$1 pictures=$2
  shift 2
  rm -rf out out.txt
  begun=$(date +%s.%N)
  "$crisp" train $options --train "$pictures" --out out "$@" >out.txt 2>err.txt &
  job=$!
  (most $job >peak.txt) &
  while ! grep -qs '^results' out.txt && kill -0 $job 2>/dev/null; do sleep 0.05; done
  ready=$(date +%s.%N)
  wait $job || cat err.txt
  wait
  rate=$(sed -nE 's/^read .*: ([0-9.]+) megapixels.*/\1/p' out.txt | head -1)
  seconds=$(awk -F, 'NR > 1 { s = $2 } END { print s }' out/metrics.csv)
  awk -v name="$name" -v first="$(echo "$ready $begun" | awk '{ print $1 - $2 }')" -v rate="${rate:--}" -v peak="$(cat peak.txt)" \
    -v seconds="$seconds" 'BEGIN { printf "| %s | %.1f s | %s | %.0f MB | %.1f |\n", name, first, rate, peak / 1024, 8 * 60 / seconds }'
}

echo "| pictures | first step after | megapixels/s decoded | memory | images/s |"
echo "|---|---|---|---|---|"
for count in 10 100 800; do
  rm -rf some caches
  mkdir some
  ls all | head -$count | while read -r file; do ln -s "$work/all/$file" "some/$file"; done
  run "$count, in memory by default or a cache that is made" some
  run "$count, in a cache that is made" some --data-memory 1
  run "$count, in that cache again" some --data-memory 1
done

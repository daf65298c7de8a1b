#!/bin/sh
# A training is stopped at random moments, in every way, and resumed: in the end all its files are those of the undisturbed training, but
# for seconds. Also two trainings at once in one folder.   usage: stops.sh PROGRAM [RUNS [SEED]]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
runs=${2:-5} seed=${3:-$(date +%s)}
echo "seed $seed"
make_picture pictures/colour.png
short="--model srcnn --scale 3 --train pictures --valid pictures --batch 2 --patch 21 --validate-every 100 --seed 7 --ema 0.9"
options="$short --steps 1000"
cc -shared -fPIC -O1 -o fail_writes.so "$here/fail_writes.c" -ldl || exit 1

draw() {  # draw N: sets number, from 0 to N - 1, by Park and Miller's generator
  random=$((random * 16807 % 2147483647))
  number=$((random / 7 % $1))
}
random=$((1 + seed % 2147483646)) number=0
draw 1 && draw 1  # neighbouring seeds draw alike at first

now() { date +%s%N; }
begun=$(now)
works train $options --out whole
length=$(($(now) - begun))
echo "the undisturbed training: $((length / 1000000)) ms"

# What does not depend on the time: rows without seconds, the state without its seconds and the length of its header, the page without them.
rows() { cut -d, -f1,4- "$1/metrics.csv"; }
state() { tail -c +9 "$1/state.safetensors" | LC_ALL=C sed 's/"state.seconds":"[^"]*",//; s/}}  *//'; }
page() { sed 's/<b>[^<]*<\/b><span>training time//' "$1/report.html"; }
same() {  # same FOLDER WHAT
  for file in best last; do
    cmp -s whole/$file.safetensors "$1/$file.safetensors" || fail "$2: another $file.safetensors"
  done
  for what in rows state page; do
    $what whole >expected
    $what "$1" >found
    cmp -s expected found || fail "$2: other $what"
  done
  [ -z "$(ls "$1"/*.part 2>/dev/null)" ] || fail "$2: left $(ls "$1"/*.part)"
}
from() { [ -e "$1/state.safetensors" ] && echo --resume; }

strikes=0
strike() {  # strike FOLDER KIND
  case $2 in
    KILL | TERM | INT | HUP)
      env --default-signal=HUP "$crisp" train $options --out "$1" $(from "$1") >out.txt 2>err.txt &
      job=$!
      draw 1000
      sleep "$(awk -v ns="$length" -v part="$number" 'BEGIN { print ns / 1e9 * part / 2000 }')"
      kill -"$2" $job 2>/dev/null
      { wait $job; } 2>/dev/null
      got=$?
      [ $got = 137 ] && rm -f "$1"/*.part
      grep -q "stopped at step" out.txt && [ $got = 0 ] && strikes=$((strikes + 1))
      case $got in 0 | 129 | 130 | 137 | 143) [ $got = 0 ] || strikes=$((strikes + 1)) ;; *) fail "$2: status $got: $(cat err.txt)" ;; esac ;;
    PIPE)
      draw 12
      { "$crisp" train $options --out "$1" $(from "$1") 2>err.txt; echo $? >status; } | head -n "$number" >/dev/null
      case $(cat status) in 0 | 1 | 141) strikes=$((strikes + 1)) ;; *) fail "PIPE: status $(cat status): $(cat err.txt)" ;; esac
      [ -s "$1/state.safetensors" ] || fail "PIPE: a reader that went away ended the training unsaved: $(cat err.txt)" ;;
    *)
      draw 2
      count=1
      [ $number = 0 ] || count=1000000
      draw 50
      FAIL_WITH=$2 FAIL_AT=$((1 + number)) FAIL_COUNT=$count LD_PRELOAD=$work/fail_writes.so TMPDIR=$work/tmp \
        "$crisp" train $options --out "$1" $(from "$1") >out.txt 2>err.txt
      got=$?
      [ $got = 0 ] || strikes=$((strikes + 1))
      case $got in 0 | 1) ;; *) fail "error $2: status $got: $(cat err.txt)" ;; esac
      rm -rf "$1".rescued* ;;
  esac
}

run=0
while [ $run -lt "$runs" ]; do
  run=$((run + 1))
  kinds=""
  mkdir -p tmp
  for each in 1 2 3; do
    draw 8
    kind=$(echo "KILL TERM INT HUP PIPE 28 5 30" | cut -d' ' -f$((1 + number)))
    kinds="$kinds $kind"
    strike run$run $kind
  done
  works train $options --out run$run $(from run$run)
  same run$run "run $run, stopped by$kinds"
  rm -rf run$run
done
echo "$runs runs, struck $strikes times within the training"

# Two at once in one folder: always one runs.
run=0
while [ $run -lt "$runs" ]; do
  run=$((run + 1))
  "$crisp" train $short --steps 300 --out two >a.txt 2>&1 &
  a=$!
  "$crisp" train $short --steps 300 --out two >b.txt 2>&1 &
  b=$!
  wait $a; a=$?
  wait $b; b=$?
  case $a$b in 01 | 10 | 02 | 20) ;; *) fail "two at once ended with $a and $b: $(cat a.txt b.txt)" ;; esac
  cat a.txt b.txt | grep -Eq "another training writes into 'two' \(process [0-9]+\)|'two' holds a training already" || fail "two at once: $(cat a.txt b.txt)"
  rm -rf two
done
finish

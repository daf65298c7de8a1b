#!/bin/sh
# Ctrl-C, SIGTERM and SIGHUP: what is being written is removed, a second Ctrl-C ends at once, and a training saves its state.
. "$(dirname "$0")/web.sh"
make_picture picture.png
tiny_training run
hears_hangup="env"  # a test that was begun under nohup would not
env --default-signal=HUP true 2>/dev/null && hears_hangup="env --default-signal=HUP"

# until COMMAND...: waits at most a minute for the command to succeed.
until_true() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { fail "waited in vain for: $*"; return 1; }
    sleep 0.1
  done
}
# begins ARGUMENTS...: crisp in the background, its number in $job.
begins() {
  : >out.txt  # of the one before
  $hears_hangup "$crisp" "$@" >out.txt 2>err.txt &
  job=$!
}
# ends STATUS SIGNAL WHAT
is_over() { [ ! -e /proc/$job ] || [ "$(cut -d' ' -f3 /proc/$job/stat)" = Z ]; }
ends() {
  kill -"$2" $job
  until_true is_over || kill -9 $job
  { wait $job; } 2>/dev/null
  got=$?
  [ $got = "$1" ] || fail "$3: SIG$2 ended it with status $got, not $1: $(cat out.txt err.txt)"
}

# Each kind of file, while it is written: what it is prepared as is a pipe that nobody reads, so that crisp waits there.
# It waits, once it sleeps and has used no time for half a second.
waits() {
  sleep 0.2
  now=$(cut -d' ' -f3,14,15 /proc/$job/stat)
  [ "$now" = "$before" ] && [ "${now%% *}" = S ] && return 0
  before=$now
  return 1
}
strikes() {  # strikes FILE ARGUMENTS...
  file=$1
  shift
  for case in INT:130 TERM:143 HUP:129; do
    mkfifo "$file.part" || return
    begins "$@"
    before=none
    until_true waits
    ends ${case#*:} ${case%:*} "$*"
    [ $got = ${case#*:} ] || { rm "$file.part"; return; }
    [ -e "$file" ] && fail "$*: a stopped job left $file"
    [ -e "$file.part" ] && fail "$*: a stopped job left $file.part" && rm "$file.part"
  done
}
mkdir many large
cp picture.png many/a.png
strikes large.png upscale --weights run/best.safetensors --quiet picture.png large.png
strikes large.bmp upscale --weights run/best.safetensors --quiet picture.png large.bmp
strikes large/a.png upscale --weights run/best.safetensors --quiet many large
strikes table.csv evaluate --data many --method bicubic --scale 2 --csv table.csv
strikes model.onnx export --weights run/best.safetensors model.onnx
strikes model.safetensors export --weights run/best.safetensors model.safetensors

# A training saves and ends well, also when its terminal is closed, and goes on; nohup keeps it from hearing that.
long="train --model edsr-baseline --scale 2 --set features=32 blocks=8 --train synthetic --batch 48 --steps 100000 --validate-every 1000000"
trains() { grep -q '^results' out.txt; }
begins $long --out hung
until_true trains
sleep 1
ends 0 HUP "a training"
grep -q "stopped at step" out.txt || fail "after SIGHUP: $(cat out.txt err.txt)"
[ -s hung/state.safetensors ] || fail "SIGHUP saved no state"
: >out.txt  # of the training before
(trap '' HUP; exec "$crisp" $long --out hung --resume >out.txt 2>err.txt) &
job=$!
until_true trains
sleep 1
kill -HUP $job
sleep 2
kill -0 $job || fail "SIGHUP stopped a training that was begun so that it does not hear it: $(cat out.txt err.txt)"
ends 0 TERM "a training under nohup"

# A reader of its output that goes away at once does not end it.
"$crisp" train --model srcnn --scale 2 --train synthetic --steps 4 --batch 2 --seed 3 --out unread 2>err.txt | true
cmp -s run/last.safetensors unread/last.safetensors ||
  fail "a training whose output nobody reads: $(ls unread; cat err.txt)"

# So within a validation, before which the state is saved: EDSR on one large picture takes many seconds.
mkdir valid
works upscale --weights run/best.safetensors --quiet picture.png big.png
for round in 1 2 3; do works upscale --weights run/best.safetensors --quiet big.png big.png.png; mv big.png.png big.png; done
cp big.png valid/
slow="train --model edsr-baseline --scale 2 --train synthetic --batch 1 --patch 8 --steps 1000 --validate-every 1 --valid valid --out validates"
begins $slow
until_true [ -s validates/state.safetensors ]
asked=$(date +%s)
ends 0 INT "a training that validates"
[ $(($(date +%s) - asked)) -lt 20 ] || fail "it took $(($(date +%s) - asked)) seconds to end a validation"
grep -q "^stopped at step 1, in a validation; the state is saved" out.txt || fail "a stop in a validation: $(cat out.txt err.txt)"

# A second Ctrl-C ends it within its step, and leaves the state as it was. Where the step ends before it comes, once more.
for round in 1 2 3 4 5; do
  cp hung/state.safetensors before
  begins $long --out hung --resume
  until_true trains
  sleep 1
  kill -INT $job
  sleep 0.1  # two at once would be one
  kill -INT $job 2>/dev/null
  until_true is_over || kill -9 $job
  { wait $job; } 2>/dev/null
  got=$?
  [ $got = 0 ] || break
done
[ $got = 130 ] || fail "a training, for the second time: SIGINT ended it with status $got, not 130: $(cat out.txt err.txt)"
cmp -s before hung/state.safetensors || fail "a training that was ended at once changed its state"

# The page: the first Ctrl-C ends after what is computed, the second at once, without a file in the folder for temporary ones.
mkdir tmp
export TMPDIR="$work/tmp"
works export --model edsr-baseline --scale 4 --set features=64 blocks=16 slow.safetensors
begin serve --weights slow.safetensors --port 0
answers 200 '"id"' --data-binary @big.png "$url/api/jobs?model=0&scale=4"
job=$(sed 's/.*"id":"\([0-9a-f]*\)".*/\1/' answer)
computes() { curl -s -m 20 "$url/api/jobs/$job" | grep -q '"state":"running"'; }
until_true computes
kill -INT $server
until_true grep -q "Ctrl-C again ends at once" server.txt
job=$server
ends 130 INT "the server, for the second time"
server=
[ -z "$(ls tmp)" ] || fail "temporary files are left: $(ls tmp)"
begin serve --weights slow.safetensors --port 0
job=$server
ends 0 HUP "an idle server"
server=
finish

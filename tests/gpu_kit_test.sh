#!/bin/sh
# tests/gpu_kit.sh run, rehearsed with programs that only say what they were asked: one fails, one hangs, one skips; all leave their rows.
set -eu
script=$(cd "$(dirname "$0")" && pwd)/gpu_kit.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "gpu_kit_test: $*" >&2; exit 1; }
# program FILE: an executable with the rest of its text from standard input.
program() { { echo '#!/bin/sh'; cat; } >"$1" && chmod +x "$1"; }

kit=$work/kit
mkdir -p "$kit/bench" "$work/bin"
cp "$script" "$kit/"
echo "abc1234" >"$kit/bench/commit"
for area in core autograd ops nn optim models testing cuda; do
  program "$kit/test_${area}_cuda" <<'END'
case "$*" in *--count*) echo "[doctest] unskipped test cases passing the current filters: 12"; exit ;; esac
echo "[doctest] test cases:  3 |  3 passed | 0 failed | 0 skipped"
END
done
echo "exit 1" | program "$kit/test_ops_cuda"
echo "exit 77" | program "$kit/test_nn_cuda"
echo "sleep 60" | program "$kit/test_optim_cuda"
echo "echo trained" | program "$kit/13_graph_cuda"
echo 'echo "ready 1 (1)"; while read -r line; do echo 4.5; done' | program "$kit/workloads_cuda"
# Stands for Python: the comparison leaves its table at once, and then takes too long.
program "$work/bin/snake" <<'END'
while [ $# -gt 0 ]; do
  case $1 in --out) echo "| W2 | compared |" >"$2" ;; esac
  shift
done
exec sleep 60
END
export PYTHON=snake
echo 'echo "NVIDIA Test 9000, 580.1"' | program "$work/bin/nvidia-smi"
echo 'echo "ERROR SUMMARY: 0 errors"' | program "$work/bin/compute-sanitizer"

run() { PATH=$work/bin:$PATH bash "$kit/gpu_kit.sh" run "$@"; }
begin=$(date +%s)
status=0
run --seconds 12 >"$work/out" 2>&1 || status=$?
took=$(($(date +%s) - begin))
[ $status = 1 ] || fail "a failed test should give status 1, not $status: $(cat "$work/out")"
[ $took -le 18 ] || fail "12 s were given, and it took $took"
result=$(ls "$kit"/results/*-nvidia-test-9000.md) || fail "no result: $(cat "$work/out")"
shows() { grep -q -- "$1" "$result" || fail "the result lacks '$1': $(cat "$result")"; }
shows "NVIDIA Test 9000, driver 580.1"
shows "commit abc1234"
shows "| core | passed |.*3 passed"
shows "| ops | \*\*failed\*\*, status 1 |"
shows "| nn | skipped |"
shows "| optim | \*\*not done in 4 s\*\* |"
shows "| racecheck-6 | passed |.*0 errors"
shows "| W2 | compared |"
grep -q "trained" "${result%.md}.log" || fail "the log lacks what the programs print"

# Without Python the times are crisp's alone.
PYTHON=no-snake run --seconds 12 --parts times >"$work/out" 2>&1 || fail "without Python: $(cat "$work/out")"
shows "- W4_swinir_train_b8_64: median 4.5 ms"

# What ends it in the middle: what was done is there.
rm "$result"
status=0
PATH=$work/bin:$PATH timeout 3 bash "$kit/gpu_kit.sh" run --seconds 12 --out "$work/stopped" >"$work/out" 2>&1 || status=$?
result=$(ls "$work"/stopped/*.md) || fail "stopped, it left nothing"
shows "| core | passed |"

# Wrong use, and no GPU.
status=0; run --seconds soon >"$work/out" 2>&1 || status=$?
[ $status = 2 ] && grep -q -- "--seconds needs a number, not 'soon'" "$work/out" || fail "--seconds soon: $status, $(cat "$work/out")"
echo "exit 9" | program "$work/bin/nvidia-smi"
status=0; run >"$work/out" 2>&1 || status=$?
[ $status = 77 ] && grep -q "no NVIDIA GPU" "$work/out" || fail "without a GPU: $status, $(cat "$work/out")"
echo "gpu_kit_test: passed"

#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: builds for it, runs the CUDA tests, some of them under compute-sanitizer, and times the
# most telling training steps beside PyTorch, where python3 has it.
# usage: tests/run_gpu.sh [--built]
#   --built   build/cuda is there already, from this or another machine
# Writes bench/results/DATE-CARD.md, and takes less than eight minutes. Without a GPU it says so, and ends with status 77.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  "" | --built) ;;
  *) sed -n '2,6s/^# //p' "$0"; [ "$1" = "--help" ] && exit 0; exit 2 ;;
esac
card=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1) || card=
if [ -z "$card" ]; then
  echo "tests/run_gpu.sh: this machine has no NVIDIA GPU with a working driver (nvidia-smi names none), so nothing was run" >&2
  exit 77
fi
export PATH=$PATH:/usr/local/cuda/bin OMP_WAIT_POLICY=passive
build=build/cuda tests="core autograd ops nn optim models testing cuda" failed=""
say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }
# part SECONDS COMMAND...: what fails or takes longer is named at the end; the rest goes on. After six minutes only the times are taken.
part() {
  local limit=$(($1 < 360 - SECONDS ? $1 : 360 - SECONDS))
  shift
  : >"$log"
  [ "$limit" -gt 0 ] && timeout "$limit" "$@" >"$log" 2>&1 && { tail -3 "$log"; return 0; }
  tail -40 "$log"
  failed="$failed
  $*"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if [ "${1:-}" = "" ]; then
  say "building for $card"
  ./third_party/install.sh build tests
  cmake --preset cuda >/dev/null
  cmake --build --preset cuda --parallel "$(nproc)" --target $(for area in $tests; do echo test_${area}_cuda; done) bench_workloads_cuda crisp_program >"$log" 2>&1 || { tail -40 "$log"; exit 1; }
fi

say "tests"
for area in $tests; do part 100 $build/tests/test_${area}_cuda; done
if [ -x $build/crisp ]; then part 60 sh tests/cli/device_test.sh $build/crisp; fi

say "compute-sanitizer"
if command -v compute-sanitizer >/dev/null; then
  for area in core cuda; do
    # Some tests ask for what CUDA refuses, such as too much memory, and expect our own error.
    part 60 compute-sanitizer --tool memcheck --report-api-errors no --error-exitcode 1 $build/tests/test_${area}_cuda
    part 60 compute-sanitizer --tool racecheck --error-exitcode 1 $build/tests/test_${area}_cuda
  done
else
  echo "compute-sanitizer is not installed; this part is left out"
fi

say "times"
left=$((470 - SECONDS))
if [ $left -gt 60 ]; then
  timeout $left bench/compare --device cuda --ours $build/bench/workloads_cuda --seconds 3 --patience 90 --limit $((left - 60)) \
    --workloads 'W2.*train_b128' 'W4.*train_b32' 'W2.*train' 'W1.*train_b1024' 'W3.*train_b128' \
    --contenders crisp,crisp_graph,torch_channels_last,torch_graph_channels_last,torch_compile_graph_channels_last || failed="$failed
  bench/compare"
else
  failed="$failed
  no time was left for the times"
fi
[ -z "$failed" ] || { echo; echo "failed, or took too long:$failed"; exit 1; }
say "all passed"

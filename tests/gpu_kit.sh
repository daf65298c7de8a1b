#!/usr/bin/env bash
# Tests and times crisp on an NVIDIA GPU. The kit is built on any machine with nvcc, and runs on one with a GPU and the CUDA toolkit's
# libraries: it needs no compiler, no packages and no network there.
# usage: tests/gpu_kit.sh build [FOLDER]    makes the kit in FOLDER (default: build/gpu_kit); copy it where the GPU is
#        FOLDER/gpu_kit.sh run [options]    runs it, in less than eight minutes
#   --seconds N     the time for everything, which the parts share (default: 460)
#   --parts A,B     of tests, sanitizer, times (default: all)
#   --out FOLDER    where DATE-CARD.md and DATE-CARD.log go (default: bench/results of the project, else results of the kit)
#   --rehearse      go through everything on a machine without a GPU; the figures mean nothing
# PYTHON names the python3 that has PyTorch. CRISP_GPU=80 builds for another kind of GPU than 90 (H100, H200). Without a GPU, run says so, and ends with status 77.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
areas="core autograd ops nn optim models testing cuda"
usage() { sed -n '4,10s/^# //p' "$here/gpu_kit.sh"; }
fail() { echo "gpu_kit.sh: $*" >&2; exit 2; }

build() {
  cd "$here/.."
  local kit=${1:-build/gpu_kit} work=build/gpu_kit_build gpu=${CRISP_GPU:-90}
  ./third_party/install.sh build tests
  export PATH=$PATH:/usr/local/cuda/bin
  command -v nvcc >/dev/null || fail "nvcc 12 or newer is needed to build the kit: install the CUDA toolkit"
  # For any x86-64 processor of the last ten years.
  cmake --preset cuda -B "$work" -DCMAKE_CUDA_ARCHITECTURES="$gpu-real" -DCRISP_NATIVE=OFF -DCRISP_MPI=OFF -DCMAKE_CXX_FLAGS=-march=x86-64-v3 \
    -DCMAKE_CUDA_FLAGS=-Xcompiler=-march=x86-64-v3 -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc -Wl,--as-needed" >/dev/null
  cmake --build "$work" --parallel "$(nproc)" --target gpu_kit
  rm -rf "$kit.new"
  mkdir -p "$kit.new/bench"
  for area in $areas; do cp "$work/tests/test_${area}_cuda" "$kit.new/"; done
  cp "$work"/bench/workloads{,_cuda} "$work"/examples/13_graph_cuda "$kit.new/"
  mkdir "$kit.new/libs"  # what other machines may lack
  ldd "$kit.new"/test_* "$kit.new"/workloads* | sed -n 's/.*=> \(.*\/lib\(zip\|bz2\|z\|crypto\|png16\|onnx_proto\|protobuf\)\.so[^ ]*\) .*/\1/p' | sort -u | xargs -r cp -Lt "$kit.new/libs"
  strip "$kit.new"/test_* "$kit.new"/workloads* "$kit.new"/13_graph_cuda
  cp bench/compare bench/*.py "$kit.new/bench/"
  cp tests/gpu_kit.sh "$kit.new/"
  { git rev-parse --short HEAD && git diff --quiet HEAD || echo "with changes"; } 2>/dev/null | paste -sd ' ' >"$kit.new/bench/commit"
  rm -rf "$kit"
  mv "$kit.new" "$kit"
  echo "$kit: $(du -sm "$kit" | cut -f1) MB, for GPUs of version $gpu; there: gpu_kit.sh run"
}

# job PART NAME SECONDS COMMAND...: runs it within that time, and leaves a row of the table and a log.
job() {
  local part=$1 name=$2 limit=$3 begin=$EPOCHREALTIME status=0 result
  shift 3
  LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$kit/libs timeout -k 5 "$limit" "$@" >"$work/$part-$name.log" 2>&1 </dev/null || status=$?
  case $status in
    0) result=passed ;;
    77) result=skipped ;;
    124 | 137) result="**not done in $limit s**" ;;
    *) result="**failed**, status $status" ;;
  esac
  echo "| $name | $result | $(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') |" \
    "$(sed -n 's/.*test cases: *\(.*\)/\1/p; s/.*\(ERROR SUMMARY: .*\)/\1/p; s/.*\(RACECHECK SUMMARY: .*\)/\1/p' "$work/$part-$name.log" | tr -s ' |' ' /' | paste -sd ' ' | tr -d '\r') |" >"$work/$part-$name.row"
  echo "$part: $(tr -d '|' <"$work/$part-$name.row" | tr -s ' ')"
  save
}

left() { echo $((seconds - SECONDS)); }
# least A B: the smaller of two numbers, and at least 1.
least() { local n=$(($1 < $2 ? $1 : $2)); echo $((n > 1 ? n : 1)); }
# together N: waits until fewer than N tests run.
together() { while [ "$(jobs -rp | grep -cvxF -e "$(tr ' ' '\n' <<<"$ahead")" || true)" -ge "$1" ]; do sleep 0.1; done; }

# What is known so far, written beside and renamed: whatever ends the run, this much is there.
save() {
  {
    flock 9
    {
      cat "$work/head"
      for part in tests sanitizer examples; do
        ls "$work/$part"-*.row >/dev/null 2>&1 || continue
        printf '\n## %s\n\n| program | result | seconds | what it says |\n| --- | --- | ---: | --- |\n' "$part"
        cat "$work/$part"-*.row
      done
      [ ! -s "$work/times.md" ] || { printf '\n## times\n\n'; cat "$work/times.md"; }
    } >"$out/$title.md.new"
    mv "$out/$title.md.new" "$out/$title.md"
    tail -n +1 "$work"/*.log >"$out/$title.log.new" 2>/dev/null || true
    mv "$out/$title.log.new" "$out/$title.log"
  } 9>"$work/lock"
}

part_tests() {
  local limit=$1 area
  for area in cuda ops models nn optim core autograd testing; do
    together 4
    job tests "$area" "$limit" "$kit/test_${area}_cuda" --duration=true &
  done
  [ -n "$rehearse" ] || job examples 13_graph "$limit" "$kit/13_graph_cuda" synthetic 2000 &
  together 1
}

# Its tools slow a program by ten to a hundred times, so the tests of the kernels are shared out among several processes.
part_sanitizer() {
  local limit=$1 tool first pieces=6 cases
  if ! command -v compute-sanitizer >/dev/null; then
    echo "compute-sanitizer is not installed; this part is left out"
    return
  fi
  cases=$("$kit/test_cuda_cuda" --count --no-colors | sed -n 's/.*filters: *\([0-9]*\).*/\1/p')
  for tool in memcheck racecheck; do
    for first in $(seq 1 $pieces); do
      together 6
      # Some tests ask for what CUDA refuses, such as too much memory, and expect crisp's own error.
      job sanitizer "$tool-$first" "$limit" compute-sanitizer --tool $tool --report-api-errors no --error-exitcode 1 "$kit/test_cuda_cuda" \
        --first=$(((first - 1) * ${cases:-60} / pieces + 1)) --last=$((first * ${cases:-60} / pieces)) &
    done
  done
  together 1
}

loads="W2_edsr_train_b16_48 W4_swinir_train_b8_64 W2_edsr_train_b128_48 W4_swinir_train_b32_64 W3_srresnet_train_b128_24 W1_srcnn915_train_b1024"

# Has PyTorch compile its networks, which takes it half a minute each, while the tests run; it finds them in its cache when they are timed.
compile_ahead() {
  local load precision
  case $contenders in *compile*) ;; *) return ;; esac
  [ -z "$rehearse" ] && command -v "$python" >/dev/null || return 0
  for load in $loads; do
    for precision in bf16 tf32; do
      nice timeout "$seconds" "$python" "$kit/bench/peers.py" --device cuda --precision $precision --memory torch_compile_graph_channels_last "$load" >/dev/null 2>&1 &
      ahead="$ahead $!"
    done
  done
}

# The most telling training steps beside PyTorch, where python3 has it; without python3 the times of crisp alone.
part_times() {
  local limit=$1 device=cuda ours="$kit/workloads_cuda"
  kill $ahead 2>/dev/null || true
  wait $ahead 2>/dev/null || true
  [ -z "$rehearse" ] || { device=rehearsal; ours="$kit/workloads"; }
  if ! command -v "$python" >/dev/null; then
    for load in $loads; do
      seq 20 | timeout "$(least $((limit / 6)) 60)" "$ours" --serve $load 2>&1 | sort -n |
        awk -v n=$load '/^[0-9]/ { t[++i] = $1 } END { print "- " n ": " (i ? "median " t[int((i + 1) / 2)] " ms" : "failed") }' >>"$work/times.md" || true
      save
    done
    return
  fi
  timeout -k 10 "$limit" "$python" "$kit/bench/compare" --device $device --ours "$ours" --precision bf16,tf32 --rounds 3 --seconds 2 --patience 90 \
    --limit $((limit > 40 ? limit - 20 : limit)) --no-memory --workloads $loads infer --contenders "$contenders" --out "$work/times.md" >"$work/times.log" 2>&1 || true
}

run() {
  python=${PYTHON:-python3} seconds=460 parts=tests,sanitizer,times out= rehearse=
  ahead=
  contenders=${CRISP_CONTENDERS:-crisp,crisp_graph,torch_graph_channels_last,torch_compile_graph_channels_last}
  while [ $# -gt 0 ]; do
    case $1 in
      --seconds | --parts | --out) [ $# -gt 1 ] || fail "a value is missing after $1" ;;&
      --seconds) seconds=$2; shift ;;
      --parts) parts=$2; shift ;;
      --out) out=$2; shift ;;
      --rehearse) rehearse=yes ;;
      *) fail "unknown option '$1'; there are
$(usage)" ;;
    esac
    shift
  done
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "--seconds needs a number, not '$seconds'"
  kit=$here
  if [ ! -e "$kit/test_core_cuda" ]; then kit=$here/../build/gpu_kit; out=${out:-$here/../bench/results}; fi
  [ -e "$kit/test_core_cuda" ] || fail "the kit is not built: tests/gpu_kit.sh build"
  out=${out:-$kit/results}
  card=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1) || card=
  [ -z "$rehearse" ] || card="rehearsal, none"
  if [ -z "$card" ]; then
    echo "gpu_kit.sh: this machine has no NVIDIA GPU with a working driver (nvidia-smi names none), so nothing was run" >&2
    exit 77
  fi
  export PATH=$PATH:/usr/local/cuda/bin LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}:/usr/local/cuda/lib64 OMP_NUM_THREADS=${OMP_NUM_THREADS:-4}
  title=$(date +%F)-$(tr 'A-Z' 'a-z' <<<"${card%%,*}" | tr -cs 'a-z0-9\n' -)
  mkdir -p "$out"
  work=$(mktemp -d)
  trap 'save; kill $(jobs -rp) 2>/dev/null || true; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  printf -- '- %s\n- %s, driver %s\n- %s processors\n- commit %s\n' "$(date +%F)" "${card%%,*}" "${card##*, }" "$(nproc --all)" "$(cat "$kit/bench/commit")" >"$work/head"

  [[ ,$parts, != *,times,* ]] || compile_ahead
  # Each part has its share of what is left; what it does not need goes to the next.
  [[ ,$parts, != *,tests,* ]] || part_tests "$(least "$(left)" $((seconds / 3)))"
  [[ ,$parts, != *,sanitizer,* ]] || part_sanitizer "$(least "$(left)" $((seconds / 5)))"
  [[ ,$parts, != *,times,* ]] || part_times "$(least $(($(left) - 10)) "$seconds")"
  save
  cat "$out/$title.md"
  echo "written: $out/$title.md, and the whole output in $title.log; $SECONDS s"
  ! grep -q '\*\*' "$work"/*.row 2>/dev/null || exit 1
}

case ${1:-} in
  build | run) "$@" ;;
  --help) usage ;;
  *) usage >&2; exit 2 ;;
esac

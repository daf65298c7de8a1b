#!/usr/bin/env bash
# Times the ten workloads on the GPU, each in every precision, and writes bench/results/DATE-CARD.md.  usage: bench/gpu.sh [WORKLOADS_CUDA]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/cuda/bench/workloads_cuda}
card=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1) || card=
[ -n "$card" ] || { echo "bench/gpu.sh: this machine has no NVIDIA GPU with a working driver" >&2; exit 77; }
file=bench/results/$(date +%F)-$(tr -cs 'A-Za-z0-9\n' - <<<"$card" | tr 'A-Z' 'a-z').md

# time_of NAME MATH: the median of 30 repetitions, or of as many as eight seconds allow, in ms; a dash where there are fewer than five.
time_of() {
  yes | head -30 | timeout 8 "$program" --serve "$1" --math "$2" 2>/dev/null | sed 1d | sort -n |
    awk '{ t[NR] = $1 } END { if (NR >= 5) printf "%.3g", (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2; else printf "-" }'
}

{
  echo "- $(date +%F)"
  echo "- $card, driver $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -1)"
  echo "- commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
  echo "- $("$program" --version)"
  echo "- \`bench/gpu.sh\`: the median of 30 repetitions (fewer where they take long) after two, each from the first kernel to the end of the last"
  echo
  echo "| workload | fp32, ms | tf32, ms | bf16, ms | peak memory, MB |"
  echo "| --- | ---: | ---: | ---: | ---: |"
  for name in $("$program" --list); do
    memory=$(timeout 8 "$program" --memory "$name" 2>/dev/null | cut -d' ' -f1) || memory=-
    echo "| $name | $(time_of "$name" fp32) | $(time_of "$name" tf32) | $(time_of "$name" bf16) | $memory |"
  done
} | tee "$file"
echo "written to $file"

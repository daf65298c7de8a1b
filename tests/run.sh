#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests.  usage: tests/run.sh [asan|tsan]
#   asan   the same with the address and undefined-behaviour sanitizers
#   tsan   the same with the thread sanitizer
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  "") preset=tests ;;
  asan | tsan) preset=$1 ;;
  *) sed -n '2,4s/^# //p' "$0"; [ "$1" = "--help" ] && exit 0; exit 2 ;;
esac
./third_party/install.sh build tests
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --parallel "$(nproc)"
export OMP_WAIT_POLICY=passive  # tests share the cores: a thread that waits must not keep one busy
ctest --preset "$preset" --parallel "$(nproc)"

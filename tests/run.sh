#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests.  usage: tests/run.sh [asan]
#   asan   the same with the address and undefined-behaviour sanitizers
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  "") preset=tests ;;
  asan) preset=asan ;;
  *) sed -n '2,3s/^# //p' "$0"; [ "$1" = "--help" ] && exit 0; exit 2 ;;
esac
./third_party/install.sh build tests
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --parallel "$(nproc)"
export OMP_WAIT_POLICY=passive  # tests share the cores: a thread that waits must not keep one busy
ctest --preset "$preset" --parallel "$(nproc)"

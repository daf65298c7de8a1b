#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests.  usage: tests/run.sh [full|asan|tsan]
#   full   what takes longer, and the tests without it do not have: all tests on an emulated GPU, each header alone, nvcc where it is
#          found, other compilers, and the tests of kernels and files with the address and undefined-behaviour sanitizers
#   asan   all tests with these sanitizers
#   tsan   all tests with the thread sanitizer
# CXX=clang++ builds with another compiler than g++.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=tests options=(-DCRISP_TEST_FULL=OFF) chosen=()
case ${1:-} in
  "") ;;
  full) options=(-DCRISP_TEST_FULL=ON) chosen=(-L full) ;;
  asan | tsan) preset=$1 ;;
  *) sed -n '2,7s/^# //p' "$0"; [ "$1" = "--help" ] && exit 0; exit 2 ;;
esac
./third_party/install.sh build tests
cmake --preset "$preset" "${options[@]}" >/dev/null
cmake --build --preset "$preset" --parallel "$(nproc)"
ctest --preset "$preset" --parallel $(($(nproc) + 1)) "${chosen[@]}"  # some wait more than they compute
if [ "${1:-}" = full ]; then
  cmake --preset asan >/dev/null
  cmake --build --preset asan --parallel "$(nproc)" --target test_files_and_kernels
  ctest --preset asan --parallel "$(nproc)" -R '^(core|fast|data|io|io_mutated|train|cuda_emulated|kernels_emulated|planted_.*)$'
fi

#!/bin/sh
# A program may use stb itself, before and after crisp, with and without an implementation of its own.
# usage: stb.sh "INCLUDE OPTIONS" COMPILER...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
includes=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for compiler in "$@"; do
  compile() { "$compiler" -std=c++20 -O0 -Wall -Wextra -Werror $includes "$@"; }
  compile -c "$here/stb_alone.cpp" -o "$work/alone.o"
  for place in "-DSTB_BEFORE" "-DSTB_AFTER" "-DSTB_BEFORE -DSTB_AFTER"; do
    echo "$compiler $place"
    compile $place "$here/stb.cpp" "$work/alone.o" -pthread -o "$work/program"
    "$work/program" "$work"
    case $place in *BEFORE*AFTER*) continue ;; esac  # stb's own implementation stands once in a file
    compile $place -DOWN_STB "$here/stb.cpp" -pthread -o "$work/program"
    "$work/program" "$work"
  done
done

#!/bin/sh
# Two files of one program, compiled for two processors, are linked in both orders: both compute right.
# usage: widths.sh "INCLUDE OPTIONS" "-O1 -O2" COMPILER...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
includes=$1 levels=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The two processors: any, and this one, or on an older one the same twice.
for compiler in "$@"; do
  for level in $levels; do
    compile() { "$compiler" -std=c++20 "$level" $includes "$@" -c "$here/widths.cpp"; }
    case $(uname -m) in x86_64) compile -march=x86-64 -DCRISP_HALF=narrow -o "$work/narrow.o" ;; *) compile -DCRISP_HALF=narrow -o "$work/narrow.o" ;; esac
    compile -march=native -DCRISP_HALF=wide -o "$work/wide.o"
    compile -o "$work/main.o"
    for order in "narrow wide" "wide narrow"; do
      set -- $order
      "$compiler" "$work/main.o" "$work/$1.o" "$work/$2.o" -pthread -o "$work/program"
      result=$("$work/program") || { echo "$compiler $level, $order: wrong or crashed: $result"; exit 1; }
      echo "$compiler $level, $order: $result"
    done
  done
done

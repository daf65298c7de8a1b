#!/bin/sh
# Files of one program, compiled for two processors, compute what files compiled for one do, in whatever order they are linked.
# usage: widths.sh "INCLUDE OPTIONS" "-O1 -O2" COMPILER...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
includes=$1 levels=$2
shift 2
case $(uname -m) in x86_64) any=-march=x86-64 ;; *) any= ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for compiler in "$@"; do
  for level in $levels; do
    compile() { "$compiler" -std=c++20 "$level" $includes "$@" -c "$here/widths.cpp"; }
    compile -o "$work/main.o"
    compile $any -DCRISP_PART=first_part -o "$work/first-any.o"
    compile -march=native -DCRISP_PART=first_part -o "$work/first-this.o"
    for width in any this; do  # the second part is the first by another name: half of the time
      objcopy --redefine-sym _Z10first_partv=_Z11second_partv "$work/first-$width.o" "$work/second-$width.o"
    done
    # result FILE OBJECT...: what the program of these prints.
    result() { to=$1; shift; "$compiler" "$work/main.o" "$@" -pthread -o "$work/program" && timeout 60 "$work/program" >"$work/$to"; }
    result right "$work/first-any.o" "$work/second-any.o"
    for mix in "first-any second-this" "second-this first-any" "first-this second-any" "second-any first-this"; do
      set -- $mix
      result mixed "$work/$1.o" "$work/$2.o" || { echo "$compiler $level, $mix: it crashed, or did not end"; exit 1; }
      paste "$work/right" "$work/mixed" | awk -v what="$compiler $level, $mix" '
        { d = $1 - $2; if (d < 0) d = -d; if (NF < 2 || !(d < 1e-4)) bad = 1; if (d > most) most = d }
        END { printf "%s: %d numbers, at most %.1e apart\n", what, NR, most; exit bad || NR < 10000 }' || exit 1
    done
  done
done

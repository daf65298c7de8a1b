#!/bin/sh
# check.sh COMPILER FILE INCLUDE...: FILE must compile; and for each "MISTAKE == n" in it, fail with -DMISTAKE=n and the
# sentence after "// expect: ".
set -u
compiler=$1 file=$2
shift 2
flags="-std=c++20"
for folder in "$@"; do flags="$flags -isystem $folder"; done
expected=$(sed -n 's|^// expect: ||p' "$file")
mistakes=$(sed -nE 's/^#(el)?if MISTAKE == ([0-9]+)$/\2/p' "$file")
[ -n "$expected" ] && [ -n "$mistakes" ] || { echo "$file names no sentence or no mistake"; exit 1; }

# What the file includes is compiled once.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep '^#include' "$file" >"$work/all.hpp"
"$compiler" $flags -x c++-header "$work/all.hpp" -o "$work/all.hpp.gch" || exit 1
flags="$flags -fsyntax-only -include $work/all.hpp"

"$compiler" $flags "$file" || { echo "$file does not compile even without a mistake"; exit 1; }
for mistake in $mistakes; do
  if output=$("$compiler" $flags -DMISTAKE="$mistake" "$file" 2>&1); then echo "$file compiles with mistake $mistake"; exit 1; fi
  case $output in
    *"$expected"*) echo "mistake $mistake, as expected: $expected" ;;
    *) echo "$output"; echo "mistake $mistake: the compiler does not say: $expected"; exit 1 ;;
  esac
done

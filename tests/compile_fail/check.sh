#!/bin/sh
# check.sh COMPILER FILE INCLUDE...: FILE must compile, and with -DMISTAKE fail with the sentence after "// expect: ".
set -u
compiler=$1 file=$2
shift 2
flags="-std=c++20 -fsyntax-only"
for folder in "$@"; do flags="$flags -isystem $folder"; done
expected=$(sed -n 's|^// expect: ||p' "$file")
"$compiler" $flags "$file" || { echo "$file does not compile even without the mistake"; exit 1; }
if output=$("$compiler" $flags -DMISTAKE "$file" 2>&1); then echo "$file compiles with the mistake"; exit 1; fi
case $output in
  *"$expected"*) echo "as expected: $expected" ;;
  *) echo "$output"; echo "the compiler does not say: $expected"; exit 1 ;;
esac

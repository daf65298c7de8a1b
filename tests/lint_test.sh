#!/bin/sh
# lint_test.sh PROJECT: tests/lint.sh finds each kind of fault in files that are made here, and no fault in a sound one.
set -eu
project=${1:?usage: lint_test.sh PROJECT}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$project/.clang-format" "$folder/"

expect() {  # expect NAME FINDING: the file of this name has it, or none where FINDING is empty
  out=$(sh "$project/tests/lint.sh" "$folder" "$1" 2>&1) && passed=yes || passed=no
  case "$2:$passed" in
    :yes) ;;
    :no | *:yes) echo "$1: lint says: $out"; exit 1 ;;
    *) case $out in *"$2"*) ;; *) echo "$1: '$2' was expected, and lint says: $out"; exit 1 ;; esac ;;
  esac
}

printf 'int sign(int x) { return x < 0 ? -1 : 1; }\nint f(int a, int b) { return sign(a > 0 ? a : 1) + sign(b > 0 ? b : 1); }\n' >"$folder/sound.cpp"
expect sound.cpp ""
printf '// %s\nint x;\n' "$(printf '%0108d' 0)" >"$folder/wide.cpp"
expect wide.cpp "wide.cpp:1: wider than 110 columns"
printf 'int sign(int x) {\n  return x < 0   ? -1\n         : x > 0 ? 1\n                 : 0;\n}\n' >"$folder/nested.cpp"
expect nested.cpp "nested.cpp:3: a ?: within another"
printf 'int f(int x) { return x ? (x > 1 ? 2 : 1) : 0; }\n' >"$folder/brackets.cpp"
expect brackets.cpp "brackets.cpp:1: a ?: within another"
mkdir -p "$folder/include" "$folder/examples/crisp"
printf '#include <cstdlib>\n\ndouble f(const char* text) { return std::strtod(text, nullptr); }\n' >"$folder/include/read.hpp"
expect include/read.hpp "read.hpp:3: a number that follows the locale"
printf '#include <cstdio>\n\nvoid f(char* text, double x) { snprintf(text, 9, "x", x); }\n' >"$folder/examples/crisp/write.cpp"
expect examples/crisp/write.cpp "write.cpp:3: a number that follows the locale"
printf 'double my_atof(int x);\n\ndouble f() { return my_atof(1); }\n' >"$folder/include/own.hpp"
expect include/own.hpp ""
printf 'int   x;\n' >"$folder/layout.cpp"
case $(sh "$project/tests/lint.sh" "$folder" sound.cpp) in
  *"was not checked"*) echo "the layout is not checked here: there is no clang-format 14" ;;
  *) expect layout.cpp "layout.cpp:1: not as clang-format lays it out" ;;
esac
echo "each fault is found"

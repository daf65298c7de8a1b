#!/usr/bin/env bash
# Builds main.cpp of a folder, optimised for this machine, and runs it.
# usage: run.sh FOLDER [ARGUMENTS...]
# Environment: CXX, the compiler (g++); CRISP_INCLUDE, the folder of crisp's headers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in "" | --help | -h) sed -n '2,4s/^# //p' "$0"; [ -n "${1:-}" ] && exit 0; exit 2 ;; esac
[ -f "$1/main.cpp" ] || { echo "run.sh: there is no main.cpp in '$1'; give the folder of an assignment" >&2; exit 2; }
folder=$(cd "$1" && pwd)
shift
include=${CRISP_INCLUDE:-$here/../../include}
[ -f "$include/crisp/crisp.hpp" ] || { echo "run.sh: crisp's headers are not in '$include'; set CRISP_INCLUDE to their folder" >&2; exit 2; }
flags=(-std=c++20 -O3 -march=native -pthread -I"$include")
for place in ${CPPFLAGS:-} -I/usr/include/eigen3 -I/usr/include/stb; do flags+=("${place/#-I/-isystem}"); done
program=$folder/main
if [ ! -x "$program" ] || [ -n "$(find "$folder" -name '*.[ch]pp' -newer "$program")" ]; then
  "${CXX:-g++}" "${flags[@]}" "$folder/main.cpp" -o "$program"
fi
exec "$program" "$@"

#!/usr/bin/env bash
# Copies what students get of an assignment: the handout and the starter files, without the solution.
# usage: make_handout.sh N OUT_FOLDER [--with-tests]
#   --with-tests   adds the tests: OUT_FOLDER/tests/grade.sh N OUT_FOLDER then grades (with CRISP_INCLUDE set to
#                  crisp's include folder)
set -eu
usage() { sed -n '2,5s/^# //p' "$0"; }
wrong() { echo "make_handout.sh: $*" >&2; usage >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
number= out= tests=no
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --with-tests) tests=yes ;;
    -*) wrong "there is no option $1" ;;
    *) if [ -z "$number" ]; then number=$1; else [ -z "$out" ] || wrong "one folder, please"; out=$1; fi ;;
  esac
  shift
done
case $number in [1-9]) ;; *) wrong "which assignment? Give its number, 1 to 9, not '$number'" ;; esac
[ -n "$out" ] || wrong "where to? Give a folder"
assignment=$(echo "$here/$number"_*)
[ -f "$assignment/handout.md" ] || wrong "assignment $number is not in '$here'"
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || wrong "'$out' is not empty; choose a new folder"

mkdir -p "$out"
# Links of the handout lead into the repository; a student has it elsewhere, so that only their words stay.
sed -E 's/\[([^]]*)\]\(\.\.\/\.\.\/\.\.\/([^)]*)\)/\1 (`\2`)/g' "$assignment/handout.md" >"$out/handout.md"
cp -R "$assignment/starter/." "$out/"
rm -f "$out/main"
if [ "$tests" = yes ]; then
  name=$(basename "$assignment")
  mkdir -p "$out/tests/$name"
  cp -p "$here/grade.sh" "$here/grading.hpp" "$out/tests/"
  for file in "$assignment"/*.cpp "$assignment"/*.hpp; do [ ! -f "$file" ] || cp -p "$file" "$out/tests/$name/"; done
  cp -Rp "$assignment/starter" "$out/tests/$name/"
fi
echo "assignment $number is in $out:"
(cd "$out" && find . -type f | sort | sed 's/^\.\//  /')

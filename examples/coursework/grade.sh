#!/usr/bin/env bash
# Grades an assignment: builds it with the files of a student, and runs each test within limits.
# usage: grade.sh N FOLDER [--only TEST] [--json FILE] [--json-format gradescope|github]
#        grade.sh N FOLDER FOLDER... [--csv FILE]
#   N             the number of the assignment, 1 to 9
#   FOLDER        holds the files of the student; with several, a table comes out
#   --only TEST   runs one test, such as 2c
#   --json FILE   writes the points as Gradescope reads them, or as GitHub Classroom does
#   --csv FILE    writes the table of a class as CSV
# Environment: CXX, the compiler (g++); GRADE_SECONDS, the limit of processor time a test where the test has
# none (10); GRADE_MEMORY, the limit of memory in MB (4000); CRISP_INCLUDE, the folder of crisp's headers.
set -eu
export LC_ALL=C
usage() { sed -n '2,11s/^# //p' "$0"; }
wrong() { echo "grade.sh: $*" >&2; usage >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
number= only= json= format=gradescope csv= folders=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --json | --json-format | --csv | --only)
      [ $# -ge 2 ] || wrong "$1 needs a value"
      case $1 in --json) json=$2 ;; --csv) csv=$2 ;; --only) only=$2 ;; *) format=$2 ;; esac
      shift ;;
    -*) wrong "there is no option $1" ;;
    *) if [ -z "$number" ]; then number=$1; else folders+=("$1"); fi ;;
  esac
  shift
done
case $number in [1-9]) ;; "") wrong "which assignment? Give its number, 1 to 9" ;; *) wrong "there is no assignment '$number'; they are 1 to 9" ;; esac
[ ${#folders[@]} -gt 0 ] || wrong "which folder? Give the one that holds the files of the student"
case $format in gradescope | github) ;; *) wrong "--json-format is gradescope or github, not '$format'" ;; esac
[ -z "$json" ] || [ ${#folders[@]} = 1 ] || wrong "--json takes one folder; for a class there is --csv FILE"
for folder in "${folders[@]}"; do [ -d "$folder" ] || wrong "there is no folder '$folder'"; done
assignment=$(echo "$here/$number"_*)
[ -f "$assignment/grade.cpp" ] || wrong "the tests of assignment $number are not in '$here'"

include=${CRISP_INCLUDE:-$here/../../include}
[ -f "$include/crisp/crisp.hpp" ] || wrong "crisp's headers are not in '$include'; set CRISP_INCLUDE to their folder"
flags=(-std=c++20 -O1 -march=native -fstrict-aliasing -w -pthread -D_GLIBCXX_ASSERTIONS -I"$here" -I"$assignment" -I"$include")
for place in ${CPPFLAGS:-} -I/usr/include/eigen3 -I/usr/include/stb; do flags+=("${place/#-I/-isystem}"); done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
memory=${GRADE_MEMORY:-4000}

# The tests, a line each: name, points, title, seconds.
sed -n 's/^TEST("\([^"]*\)", \([0-9]*\), "\([^"]*\)"\(, \([0-9]*\)\)\{0,1\}).*/\1\t\2\t\3\t\5/p' \
  "$assignment/grade.cpp" >"$work/tests"
if [ -n "$only" ]; then
  awk -F'\t' -v name="$only" '$1 == name' "$work/tests" >"$work/chosen"
  [ -s "$work/chosen" ] || wrong "assignment $number has no test '$only'; it has $(cut -f1 "$work/tests" | tr '\n' ' ')"
  mv "$work/chosen" "$work/tests"
fi
files=$(cd "$assignment/starter" && ls | grep -v '^main\.cpp$')

compile() {  # compile OUTPUT ARGUMENTS...: the compiler's words go to $work/errors
  local output=$1
  shift
  (ulimit -t 300; exec "${CXX:-g++}" "${flags[@]}" "$@" -o "$output") >"$work/errors" 2>&1
}

# What crisp says to the same question; it knows no student, and is compiled once.
judge=()
if [ -f "$assignment/judge.cpp" ]; then
  # A folder in GRADE_CACHE keeps it for the next call.
  judge=("${GRADE_CACHE:-$work}/judge_$number.o")
  if [ ! -f "${judge[0]}" ] || [ -n "$(find "$assignment" "$here/grading.hpp" -newer "${judge[0]}" -name '*.[ch]pp')" ]; then
    compile "${judge[0]}" -c "$assignment/judge.cpp" || { cat "$work/errors" >&2; echo "grade.sh: the judge does not compile" >&2; exit 1; }
  fi
fi

# run_test PROGRAM NAME SECONDS: the sentences, and then a last line, passed or missed.
run_test() {
  local program=$1 name=$2 seconds=${3:-${GRADE_SECONDS:-10}} key status=0 out
  key=key$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
  out=$work/run
  rm -rf "$out" && mkdir "$out"
  {
    (
      cd "$out" || exit 1
      ulimit -S -t "$seconds"
      ulimit -H -t $((seconds + 5))
      ulimit -v $((memory * 1024)) -f 200000 -c 0
      export OMP_NUM_THREADS=1 MALLOC_ARENA_MAX=2
      exec timeout -k 5 $((seconds * 5 + 5)) "$program" "$name" "$key"
    ) >"$work/out" 2>"$work/err" </dev/null || status=$?
  } 2>/dev/null  # bash's own words on a crash
  if [ "$(tail -n 1 "$work/out" | head -c 200)" = "$key passed" ]; then echo passed; return; fi
  if [ "$(tail -n 1 "$work/out" | head -c 200)" = "$key missed" ]; then
    awk -v key="$key" '$0 == key " begin" { on = 1; next } $0 == key " missed" { next } on' "$work/out" | head -c 3000
    echo missed
    return
  fi
  case $status in
    124 | 137 | 152) echo "the test took longer than $seconds second$([ "$seconds" = 1 ] || echo s): is there a loop that does not end?" ;;
    139) echo "the program crashed (segmentation fault): an index outside an array, a null pointer, a recursion without end, or more memory than $memory MB" ;;
    134)
      if grep -q 'Assertion' "$work/err"; then echo "the program crashed: an index lies outside its vector, or the vector is empty"
      else echo "the program stopped itself (abort): $(tail -n 1 "$work/err" | head -c 300)"; fi ;;
    132) echo "the program crashed (illegal instruction): is there a function without its return?" ;;
    136) echo "the program crashed: a division by zero" ;;
    153) echo "the program wrote more than 100 MB: is there a loop that prints without end?" ;;
    *) echo "the program ended before the test did (exit status $status): is there an exit() in the code?" ;;
  esac
  echo missed
}

# grade FOLDER: makes $work/results, a line a test: name, points, most, title; and $work/words.NAME.
grade() {
  local folder=$1 name most title seconds words= program=$work/program verdict
  folder=$(cd "$folder" && pwd)
  : >"$work/results"
  rm -f "$work"/words.* "$program"
  for file in $files; do
    [ -f "$folder/$file" ] || { words="there is no file $file in the folder"; break; }
  done
  if [ -z "$words" ] && ! compile "$program" -I"$folder" "$assignment/grade.cpp" ${judge[@]+"${judge[@]}"}; then
    words="the code does not compile:
$(grep -E '(error|undefined reference)' "$work/errors" | sed "s|$folder/||g; s|$here/||g" | head -5 | cut -c1-300)
$(! grep -q "$assignment/grade.cpp:.*error" "$work/errors" || echo "hint: the tests use the names of the starter file; names and arguments have to stay as they are there")"
  fi
  echo "$words" >"$work/trouble"
  while IFS='	' read -r name most title seconds; do
    if [ -n "$words" ]; then
      echo "${words%%
*}" >"$work/words.$name"
      printf '%s\t0\t%s\t%s\n' "$name" "$most" "$title" >>"$work/results"
      continue
    fi
    run_test "$program" "$name" "$seconds" >"$work/verdict"
    verdict=$(tail -n 1 "$work/verdict")
    sed '$d' "$work/verdict" | iconv -c -f UTF-8 -t UTF-8 >"$work/words.$name" || true
    [ "$verdict" = passed ] && points=$most || points=0
    printf '%s\t%s\t%s\t%s\n' "$name" "$points" "$most" "$title" >>"$work/results"
  done <"$work/tests"
}

total() { awk -F'\t' '{ got += $2; most += $3 } END { print got "\t" most }' "$work/results"; }

show() {
  local name points most title
  [ -z "$(head -n 1 "$work/trouble")" ] || cat "$work/trouble"
  while IFS='	' read -r name points most title; do
    printf '%-5s %3s of %3s   %s\n' "$name" "$points" "$most" "$title"
    [ -n "$(head -n 1 "$work/trouble")" ] || sed 's/^/                  /' "$work/words.$name"
  done <"$work/results"
  total | awk -F'\t' '{ printf "total %d of %d points\n", $1, $2 }'
}

quoted() {  # the text of standard input as a JSON string
  tr -d '\000-\010\013\014\016-\037' | awk '
    { gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); gsub(/\r/, ""); text = text (NR > 1 ? "\\n" : "") $0 }
    END { printf "\"%s\"", text }'
}

write_json() {
  local name points most title separator= status
  {
    if [ "$format" = gradescope ]; then
      printf '{\n  "score": %d,\n  "output": %s,\n  "tests": [' "$(total | cut -f1)" "$(quoted <"$work/trouble")"
    else
      status=$(total | awk -F'\t' '{ print $1 == $2 ? "pass" : "fail" }')
      printf '{\n  "version": 1,\n  "status": "%s",\n  "max_score": %d,\n  "tests": [' "$status" "$(total | cut -f2)"
    fi
    while IFS='	' read -r name points most title; do
      [ "$points" = "$most" ] && status=pass || status=fail
      printf '%s\n    {"name": %s, "score": %d, ' "$separator" "$(printf '%s %s' "$name" "$title" | quoted)" "$points"
      if [ "$format" = gradescope ]; then
        printf '"max_score": %d, "status": "%sed", "output": %s}' "$most" "$status" "$(quoted <"$work/words.$name")"
      else
        printf '"status": "%s", "message": %s, "test_code": %s, "filename": "", "line_no": 0, "execution_time": ""}' \
          "$status" "$(quoted <"$work/words.$name")" "$(printf '%s' "$name" | quoted)"
      fi
      separator=,
    done <"$work/results"
    printf '\n  ]\n}\n'
  } >"$work/json"
  cat "$work/json" >"$json" || { echo "grade.sh: '$json' cannot be written" >&2; exit 1; }
}

if [ ${#folders[@]} = 1 ]; then
  grade "${folders[0]}"
  show
  [ -z "$json" ] || write_json
fi
if [ ${#folders[@]} -gt 1 ] || [ -n "$csv" ]; then
  table=$work/table
  { printf 'folder'; while IFS='	' read -r name most title seconds; do printf ',%s (%s)' "$name" "$most"; done <"$work/tests"; echo ',total'; } >"$table"
  for folder in "${folders[@]}"; do
    [ ${#folders[@]} = 1 ] || grade "$folder"
    { basename "$folder" | tr -d '\n,"'; awk -F'\t' '{ printf ",%s", $2; sum += $2 } END { print "," sum }' "$work/results"; } >>"$table"
  done
  [ -z "$csv" ] || cp "$table" "$csv"
  [ ${#folders[@]} = 1 ] || awk -F, '{ printf "%-24s", $1; for (i = 2; i <= NF; ++i) printf " %8s", $i; print "" }' "$table"
fi

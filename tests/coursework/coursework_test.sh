#!/usr/bin/env bash
# coursework_test.sh PROJECT [quick|full|machinery|N...]: examples/coursework grades rightly.
#   - The solutions get all points, and each gap of a starter fails with the name of its task.
#   - Each typical mistake (mistakes/N_NAME.sed, laid over the solution) loses its test, with its sentence.
#   - A loop without end, a crash, too much memory, an early exit and code that does not compile lose their own points, in words.
#   - The JSON files can be read, the table of a class is right, and a handout has no solution.
# quick is for every day: assignment 2 alone, and one of its mistakes. Numbers choose assignments, machinery the last two points.
# CXX chooses the compiler.
set -u
project=$(cd "${1:?usage: coursework_test.sh PROJECT [quick|full|machinery|N...]}" && pwd)
shift
[ $# -gt 0 ] || set -- full
which=$1
here=$project/tests/coursework course=$project/examples/coursework
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GRADE_CACHE=$work/cache
mkdir "$GRADE_CACHE"
failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# grade N FOLDER...: what grade.sh says is in $work/out.
grade() {
  "$course/grade.sh" "$@" >"$work/out" 2>&1 || fail "grade.sh $*: exit status $?: $(cat "$work/out")"
}
shows() { grep -qF -- "$1" "$work/out" || fail "grade.sh does not say '$1': $(cat "$work/out")"; }
# loses TEST SENTENCE: this test has no points, and the sentence stands below it.
loses() {
  awk -v test="$1" -v sentence="$2" '
    $1 == test && $2 == 0 { on = 1; next }
    /^[0-9]/ || /^total/ { on = 0 }
    on && index($0, sentence) { found = 1 }
    END { exit !found }' "$work/out" || fail "$3: test $1 does not lose its points with '$2': $(cat "$work/out")"
}
gets() { grep -qE "^$1 +([0-9]+) of +\1 " "$work/out" || fail "$2: test $1 has not got its points: $(cat "$work/out")"; }

solution_gets_all() {
  grade "$1" "$course/$1"_*/solution
  local most
  most=$(sed -n 's/^TEST("[^"]*", \([0-9]*\),.*/\1/p' "$course/$1"_*/grade.cpp | awk '{ sum += $1 } END { print sum }')
  shows "total $most of $most points"
}

# Each test of the starter has no points, and says the name of a task that the starter names; every task is named.
starter_fails_with_names() {
  local task number=$1
  shift
  grade "$number" "$course/$number"_*/starter "$@"
  set -- "$number"
  shows "total 0 of"
  awk '/^[0-9]/ { if (NR > 1 && !said) exit 1; said = 0; next } /task [0-9][a-z]: .* is not written yet/ { said = 1 }
    END { exit !said }' "$work/out" || fail "assignment $1: a test of the starter names no task: $(cat "$work/out")"
  for task in $(cat "$course/$1"_*/starter/*.[ch]pp | sed -n 's/.*TASK \([0-9][a-z]\):.*/\1/p' | sort -u); do
    cat "$course/$1"_*/starter/*.[ch]pp | grep -q "\"task $task: .* is not written yet\"" || fail "task $task throws no error of its name"
    grep -q "task $task: .* is not written yet" "$work/out" || fail "no test of the starter asks for task $task: $(cat "$work/out")"
  done
}

mistake() {
  local script=$1 name number test says folder
  name=$(basename "$script" .sed)
  number=${name%%_*} folder=$work/$name
  test=$(sed -n 's/^# test: //p' "$script") says=$(sed -n 's/^# says: //p' "$script")
  cp -RL "$course/$number"_*/solution "$folder"
  for file in "$folder"/*.[ch]pp; do sed -f "$script" "$file" >"$work/changed" && cp "$work/changed" "$file"; done
  ! diff -qr "$course/$number"_*/solution "$folder" >/dev/null || fail "the mistake $name changes nothing in the solution"
  grade "$number" "$folder" --only "$test"
  loses "$test" "$says" "the mistake $name"
}

untrusted_code() {
  mkdir -p "$work/hostile" "$work/broken" "$work/missing" "$work/aborts"
  # Four tests in trouble, and the rest right.
  sed 's/return (n + 2/for (volatile int i = 0; s.H == s.W \&\& s.O == 1;) i = i + 1; &/
    s/if (h < 0 .*/{ volatile int* volatile nowhere = nullptr; *nowhere = h; }/
    s/double sum = b\[o\];/std::vector<double> large(2500000000u, 1.0); double sum = large[o];/' \
    "$course/2_convolution/solution/convolution.hpp" >"$work/hostile/convolution.hpp"
  GRADE_SECONDS=1 grade 2 "$work/hostile"
  loses 2a "longer than 1 second" "a loop without end"
  loses 2b "crashed (segmentation fault)" "a null pointer"
  loses 2c "asks for more memory than the limit" "20 GB of memory"
  # An index outside a vector; an exit; a test that is right beside them.
  sed 's/return x\[(h \* s.W + w) \* s.C + c\];/return x[x.size()];/
    s/double sum = b\[o\];/std::exit(0); double sum = 0;/; s/#include <vector>/&\n#include <cstdlib>/' \
    "$course/2_convolution/solution/convolution.hpp" >"$work/aborts/convolution.hpp"
  grade 2 "$work/aborts"
  gets 2a "an index outside a vector"
  loses 2b "an index lies outside its vector" "an index outside a vector"
  loses 2c "is there an exit() in the code?" "an early exit"
  # Code that does not compile; no code.
  sed 's/double sum = b\[o\];/double sum = b[o]/' "$course/2_convolution/solution/convolution.hpp" >"$work/broken/convolution.hpp"
  grade 2 "$work/broken" --json "$work/github.json" --json-format github
  shows "the code does not compile:"
  shows "convolution.hpp:"
  shows "total 0 of"
  grade 2 "$work/missing"
  shows "there is no file convolution.hpp in the folder"
  # A class, of whom one has it right.
  grade 2 "$course/2_convolution/solution" "$work/broken" "$work/missing" --csv "$work/class.csv"
  grep -q '^solution,4,4,6,2,2,2,2,2,24$' "$work/class.csv" || fail "the table of a class: $(cat "$work/class.csv")"
  grep -q '^broken,0,0,0,0,0,0,0,0,0$' "$work/class.csv" || fail "the table of a class: $(cat "$work/class.csv")"
}

wrong_use() {  # wrong_use SENTENCE COMMAND...
  local sentence=$1
  shift
  if "$@" >"$work/out" 2>&1; then fail "$*: this use is wrong, and the status is 0"; fi
  shows "$sentence"
}

json() {
  starter_fails_with_names 2 --json "$work/gradescope.json"
  grep -q '"score": 0, "max_score": 4, "status": "failed", "output": "task 2a: output_size is not written yet"' "$work/gradescope.json" ||
    fail "the JSON for Gradescope: $(cat "$work/gradescope.json")"
  grep -q '"status": "fail", "message": "the code does not compile:"' "$work/github.json" || fail "the JSON for GitHub: $(cat "$work/github.json")"
  command -v python3 >/dev/null || return 0
  for file in gradescope github; do
    [ ! -f "$work/$file.json" ] || python3 -c 'import json, sys; json.load(open(sys.argv[1]))["tests"][0]["name"]' "$work/$file.json" ||
      fail "$file.json is no JSON: $(cat "$work/$file.json")"
  done
}

handouts() {
  local folder number
  for folder in "$course"/[1-9]_*; do
    number=$(basename "$folder" | cut -c1)
    "$course/make_handout.sh" "$number" "$work/handout$number" >/dev/null || fail "make_handout.sh $number: exit status $?"
    [ -s "$work/handout$number/handout.md" ] || fail "handout $number has no handout.md"
    ! find "$work/handout$number" | grep -qE 'solution|grade\.cpp|judge' || fail "handout $number has more than students should see"
    ! grep -q '](\.\./' "$work/handout$number/handout.md" || fail "handout $number has links that lead nowhere"
    for file in "$folder"/solution/*; do
      [ -f "$work/handout$number/$(basename "$file")" ] || fail "handout $number lacks $(basename "$file")"
      ! cmp -s "$file" "$work/handout$number/$(basename "$file")" || [ "$(basename "$file")" = main.cpp ] || fail "handout $number has the solution of $(basename "$file")"
    done
  done
  wrong_use "is not empty" "$course/make_handout.sh" 2 "$work/handout2"
  "$course/make_handout.sh" 2 "$work/with_tests" --with-tests >/dev/null || fail "make_handout.sh --with-tests: exit status $?"
  ! find "$work/with_tests" | grep -q solution || fail "a handout with tests has the solution"
  [ "$which" = quick ] && folder=$work/missing || folder=$work/with_tests  # nothing, which is sooner, or the starter
  CRISP_INCLUDE=$project/include "$work/with_tests/tests/grade.sh" 2 "$folder" >"$work/out" 2>&1 || fail "the tests of a handout: $(cat "$work/out")"
  shows "total 0 of 24 points"
}

leaderboard() {
  printf 'name,parameters,minutes,psnr,bicubic,seconds\nann,20000,5,25.100,24.000,0.3\nbob,90000,5,26.000,24.000,0.3\n' >"$work/one.csv"
  printf 'name,parameters,minutes,psnr,bicubic,seconds\neve,30000,5,25.300,24.000,0.2\nann,20000,5,25.000,24.000,0.3\n' >"$work/two.csv"
  "$course/leaderboard.sh" "$work/one.csv" "$work/two.csv" >"$work/out" || fail "leaderboard.sh: exit status $?"
  awk -F' [|] ' 'NR > 2 { sub(/^[|] /, ""); print $1 "-" $2 }' "$work/out" | tr '\n' ' ' >"$work/places"
  [ "$(cat "$work/places")" = "1-eve 2-ann over budget-bob " ] || fail "the leaderboard: $(cat "$work/out")"
  shows "25.100 dB | +1.100 dB | 20000 | 5 | 0.3 |"
  wrong_use "there is no file" "$course/leaderboard.sh" "$work/nowhere.csv"
}

links() {  # of the handouts and of the index
  local file target
  for file in "$course"/README.md "$course"/*/handout.md; do
    [ -f "$file" ] || continue
    for target in $(grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -v '^http'); do
      [ -e "$(dirname "$file")/$target" ] || fail "$file: there is no $target"
    done
  done
}

whole() {  # whole N: the solution, the starter and each mistake of an assignment
  local script
  solution_gets_all "$1"
  starter_fails_with_names "$1"
  for script in "$here"/mistakes/"$1"_*.sed; do [ ! -f "$script" ] || mistake "$script"; done
}
machinery() {
  wrong_use "there is no assignment '12'" "$course/grade.sh" 12 "$work"
  wrong_use "there is no folder '$work/nowhere'" "$course/grade.sh" 2 "$work/nowhere"
  wrong_use "which folder?" "$course/grade.sh" 2
  wrong_use "assignment 2 has no test '2z'" "$course/grade.sh" 2 "$work" --only 2z
  wrong_use "there is no option --jsn" "$course/grade.sh" 2 "$work" --jsn x
  links
  leaderboard
  untrusted_code
  json
  handouts
}

[ "$which" != full ] || set -- machinery 1 2 3 4 5 6 7 8 9
for part in "$@"; do
  case $part in
    quick) machinery; mistake "$here/mistakes/2_turned.sed" ;;
    machinery) machinery ;;
    [1-9]) whole "$part" ;;
    *) fail "there is no assignment '$part'" ;;
  esac
done
[ "$failures" = 0 ] || exit 1
echo "passed"

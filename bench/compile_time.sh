#!/bin/sh
# compile_time.sh [N]: what compiling examples/04_srcnn_train.cpp costs, the median of N (default 5), in turns with a file that
# never changes: the ratio of the two can be compared between machines, the seconds cannot.
set -eu
rounds=${1:-5}
cd "$(dirname "$0")/.."
timer=$(command -v time || true)  # the program, not the word of the shell
[ -x /usr/bin/time ] && timer=/usr/bin/time
case $timer in
  /*) ;;
  *) echo "compile_time.sh: it needs the program time (Debian, Ubuntu: apt-get install time)" >&2; exit 1 ;;
esac
case $rounds in
  '' | 0 | *[!0-9]*) echo "compile_time.sh: the number of rounds must be 1 or more, not '$rounds'" >&2; exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile COMPILER FILE NAME: one line of seconds on the processor, and peak MB, is added to NAME.
compile() {
  "$timer" -f "%U %S %M" -o "$work/used" "$1" -std=c++20 -O2 -Iinclude -isystem "${EIGEN:-/usr/include/eigen3}" -isystem "${STB:-/usr/include/stb}" \
    -c "$2" -o "$work/object" > "$work/complaint" 2>&1 || return 1
  awk '{ printf "%.3f %.0f\n", $1 + $2, $3 / 1024 }' "$work/used" >> "$work/$3"
}
median() {  # median NAME COLUMN
  cut -d' ' -f"$2" "$work/$1" | sort -n | awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int((NR + 2) / 2)]) / 2 }'
}

echo "| compiler | crisp, s | MB | calibration, s | MB | ratio of times | of memory |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
for compiler in g++ clang++; do
  command -v "$compiler" > /dev/null || continue
  rm -f "$work/crisp" "$work/calibration"
  i=0
  while [ "$i" -lt "$rounds" ]; do
    if ! compile "$compiler" examples/04_srcnn_train.cpp crisp || ! compile "$compiler" bench/calibration.cpp calibration; then
      { echo "compile_time.sh: $compiler is left out:"; head -n 5 "$work/complaint"; } >&2
      continue 2
    fi
    i=$((i + 1))
  done
  echo "$(median crisp 1) $(median crisp 2) $(median calibration 1) $(median calibration 2)" |
    awk -v compiler="$("$compiler" --version | head -n 1)" '{ printf "| %s | %.2f | %.0f | %.2f | %.0f | **%.2f** | %.2f |\n", compiler, $1, $2, $3, $4, $1 / $3, $2 / $4 }'
done

#!/usr/bin/env bash
# The table of the contest, best first, from the CSV files that its program writes.
# usage: leaderboard.sh [--parameters N] [--minutes M] RESULTS.csv...
#   --parameters N   the budget of parameters (60000); who needs more is listed below the others, without a place
#   --minutes M      the budget of minutes (no limit)
# The best line of each name counts.
set -eu
export LC_ALL=C
parameters=60000 minutes=1e9 files=()
wrong() { echo "leaderboard.sh: $*" >&2; sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    --parameters | --minutes) [ $# -ge 2 ] || wrong "$1 needs a number"; if [ "$1" = --minutes ]; then minutes=$2; else parameters=$2; fi; shift ;;
    -*) wrong "there is no option $1" ;;
    *) [ -f "$1" ] || wrong "there is no file '$1'"; files+=("$1") ;;
  esac
  shift
done
[ ${#files[@]} -gt 0 ] || wrong "which results? Give the CSV files"
echo "| place | name | PSNR | gain over bicubic | parameters | minutes | seconds a picture |"
echo "|---|---|---|---|---|---|---|"
# Fields: over the budget (0 or 1), PSNR, and the line itself.
awk -F, -v most="$parameters" -v time="$minutes" '
  NF == 6 && $1 != "name" && $4 + 0 == $4 { print ($2 > most || $3 > time) "," $4 "," $0 }' "${files[@]}" |
  sort -t, -k1,1n -k2,2nr | awk -F, '
  seen[$3]++ { next }
  { place = $1 ? "over budget" : ++n
    printf "| %s | %s | %.3f dB | %+.3f dB | %d | %s | %s |\n", place, $3, $6, $6 - $7, $4, $5, $8 }'

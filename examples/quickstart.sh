#!/usr/bin/env bash
# Installs what is missing, builds crisp, trains SRCNN x3 on synthetic pictures for three minutes, and shows the gain
# over bicubic on synthetic pictures it has never seen, and on your own.
# usage: examples/quickstart.sh [--minutes M] [FOLDER]
#   FOLDER        a folder of pictures (PNG, JPEG, BMP, WebP, TIFF) to measure on as well, such as ~/Pictures
#   --minutes M   how long to train (3)
set -euo pipefail
usage() { sed -n '2,6s/^# //p' "$0"; }
minutes=3 pictures=
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --minutes) [ $# -ge 2 ] || { usage >&2; exit 2; }; minutes=$2; shift ;;
    -*) echo "quickstart: there is no option $1" >&2; usage >&2; exit 2 ;;
    *) pictures=$1 ;;
  esac
  shift
done
if [ -n "$pictures" ]; then
  [ -d "$pictures" ] || { echo "quickstart: there is no folder '$pictures'" >&2; exit 2; }
  pictures=$(cd "$pictures" && pwd)
fi
cd "$(dirname "$0")/.."

echo "1. Installing what is missing"
./third_party/install.sh build

# build TARGET: what the compiler says is shown where it fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
build() {
  if ! { cmake --preset release && cmake --build --preset release --parallel "$(nproc)" --target "$1"; } >"$log" 2>&1; then
    tail -30 "$log" >&2
    echo "quickstart: the build failed" >&2
    exit 1
  fi
}
crisp=build/release/crisp first=$crisp
if [ -e $crisp ]; then
  echo "2. Building (a minute or two)"
  build crisp_program
else
  echo "2. Building the commands that are needed first (a minute or two)"
  build crisp_few
  first=build/release/examples/crisp_few
fi

out=build/quickstart
n=2
while [ -e "$out" ]; do out=build/quickstart-$n n=$((n + 1)); done  # earlier results are kept

echo "3. Training SRCNN x3 on synthetic pictures for $minutes minutes"
"$first" train --model srcnn --scale 3 --train synthetic --minutes "$minutes" --out "$out"

if [ -n "$pictures" ]; then
  echo
  echo "4. Your pictures in $pictures, reduced and enlarged again: bicubic, then SRCNN"
  "$first" evaluate --method bicubic --data "$pictures" --scale 3
  "$first" evaluate --weights "$out/best.safetensors" --data "$pictures" --scale 3
fi

echo
echo "Open in a browser:   $PWD/$out/report.html"
echo "Enlarge a picture:   $crisp upscale --weights $out/best.safetensors PICTURE.png LARGE.png"

if [ "$first" != $crisp ]; then
  echo
  echo "Last, building all commands into $crisp (another minute or two)"
  build crisp_program
fi

#!/usr/bin/env bash
# Trains the networks that come with crisp, measures them, and writes their files beside this script: the
# settings, the command, the data and the figures are text in each file.
# usage: examples/crisp/weights/make.sh CRISP DATA OUT [NAME...]
#   CRISP  the program
#   DATA   a folder that holds T91/HR, General100/HR, Set5/HR and B100/HR
#   OUT    a folder for the trainings; those that are there go on, or are only measured again
#   NAME   luma-x2, luma-x3, luma-x4, colour-x2, colour-x4, jpeg (default: all, in this order)
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,7s/^# //p' "$0" >&2; exit 2; }
crisp=$(realpath "$1") data=$(realpath "$2") here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$3"
cd "$3"
shift 3
[ $# -gt 0 ] || set -- luma-x2 luma-x3 luma-x4 colour-x2 colour-x4 jpeg

# What is particular of each: the others begin from the body of the network on luma at x2.
options() {
  case $1 in
    luma-x2) echo "--scale 2 --steps 60000" ;;
    luma-x3) echo "--scale 3 --steps 20000 --init luma-x2/last.safetensors" ;;
    luma-x4) echo "--scale 4 --set blocks=10 --steps 60000 --init luma-x2/last.safetensors" ;;
    colour-x2) echo "--scale 2 --set channels=3 --steps 20000 --init luma-x2/last.safetensors" ;;
    colour-x4) echo "--scale 4 --set channels=3 --steps 20000 --init luma-x2/last.safetensors" ;;
    jpeg) echo "--scale 1 --degrade jpeg:20 --steps 10000 --init luma-x2/last.safetensors" ;;
    *) echo "make.sh: there is no network '$1'" >&2; exit 2 ;;
  esac
}

# psnr NAME SET METHOD: the mean of a set, from the table of crisp evaluate.
psnr() { awk -F, -v set="$2" -v method="$3" '$1 == set && $3 == method && $5 == "mean" { printf "%.2f", $6 }' "$1.csv"; }

for name; do
  own=$(options "$name")
  command="crisp train --model edsr-small $own --batch 8 --train T91/HR --train General100/HR --valid Set5/HR --valid-limit 1 --validate-every 5000 --out $name"
  arguments=${command#crisp }
  [ ! -e "$name/state.safetensors" ] || arguments="$arguments --resume"
  for folder in T91 General100 Set5; do arguments=${arguments//" $folder/HR"/" $data/$folder/HR"}; done
  "$crisp" $arguments | tee -a "$name.log"

  scale=$(sed -n 's/.*--scale \([0-9]*\).*/\1/p' <<<"$own") degrade=$(sed -n 's/.*--degrade \([^ ]*\).*/\1/p' <<<"$own")
  "$crisp" evaluate --weights "$name/last.safetensors" --method bicubic --scale "$scale" --protocol basicsr \
    --degrade "${degrade:-bicubic}" --data "$data/Set5/HR" "$data/B100/HR" --csv "$name.csv"
  "$crisp" export --weights "$name/last.safetensors" --half "$here/$name.safetensors" \
    --note "data=T91 and General100" "command=$command" "protocol=basicsr${degrade:+, input by $degrade}" \
    "steps=$(sed -n 's/^done: \([0-9]*\) steps.*/\1/p' "$name.log" | tail -1)" \
    "time=$(sed -n 's/^done: [0-9]* steps in //p' "$name.log" | tail -1)" \
    "set5=$(psnr "$name" Set5 "$name")" "set5_before=$(psnr "$name" Set5 bicubic)" \
    "b100=$(psnr "$name" B100 "$name")" "b100_before=$(psnr "$name" B100 bicubic)"
done

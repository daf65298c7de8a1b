#!/usr/bin/env bash
# The lecture: four networks x2 in colour, trained equally long, in one table: parameters, MSE, PSNR, time; and the two
# kinds of mean PSNR.
#
# usage: lecture.sh [--quick] [--data DIR] [--out DIR] [--build DIR]
#   --quick       five seconds of training for each network instead of three minutes
#   --data DIR    a folder with T91/HR and Set5/HR (default: ../shared/data beside the repository)
#   --out DIR     a new folder for the results (default: build/decks/lecture)
#   --build DIR   the build folder with the programs (default: build/release)
set -euo pipefail
named="--data --out --build"
. "$(dirname "$0")/common.sh"
find_pictures
mkdir -p "$out"
minutes=3
[ -z "$quick" ] || minutes=0.08

networks="srcnn-bn srresnet-lite srresnet-lecture srautoencoder"
weights=
for network in $networks; do
  step "Training $network, $minutes minutes"
  crisp train --model "$network" --scale 2 --train "$train" --valid "$test" --minutes $minutes --quiet --out "$out/$network"
  weights="$weights $out/$network/best.safetensors"
done

step "The table"
# shellcheck disable=SC2086  # a word for each file
crisp evaluate --method bicubic --weights $weights --data "$test" --scale 2 --protocol rgb8 --quiet \
  --columns parameters,mse,psnr,psnr-of-mean,time \
  --names "bicubic,SRCNN with batch norm,SRResNet (lite),SRResNet,SRAutoencoder" \
  --json "$out/table.json" --markdown "$out/table.md"

step "The deck's values beside those of this run"
echo "| network | parameters: deck | here | mean PSNR less PSNR of the mean MSE: deck | here |"
echo "|---|---|---|---|---|"
awk '
  BEGIN {
    split("SRCNN with batch norm|SRResNet (lite)|SRResNet|SRAutoencoder", names, "|")
    split("20,483 39,875 449,731 1,848,067", deck, " ")
    for (i in names) parameters[names[i]] = deck[i]
  }
  { split($0, cell, " *[|] *") }
  cell[2] in parameters {
    printf "| %s | %s | %s | 0.7 to 1.2 dB | %.2f dB |\n", cell[2], parameters[cell[2]], cell[5], cell[7] - cell[8]
  }' "$out/table.md" | tee "$out/comparison.md"
cat <<TEXT

What differs, and why. The parameters are the deck's. Its MSE, PSNR and seconds are those of its own training, pictures and
machine, and are not at hand; only the order can be compared. Here each network has the same time: the large ones make fewer
steps in it, and would need hours.
The two means differ because the logarithm is not linear: the mean PSNR takes the logarithm of each picture's error, and
then the mean; the PSNR of the mean MSE the other way round, so that the picture with the largest error counts most. The
second is never higher (Jensen's inequality), and equal only where all pictures have one error. Papers print the first.
TEXT

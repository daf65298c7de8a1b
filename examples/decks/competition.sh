#!/usr/bin/env bash
# The student project: pairs of 512 and 2048 pixels a side, four fifths of them to train and a fifth to validate, patches
# of 64 with flips, a hybrid of EDSR and SwinIR, L1, Adam with cosine annealing; then a picture of 512 enlarged in tiles.
# The pictures of the competition are not at hand: these are synthetic. The network is small enough for two cores.
#
# usage: competition.sh [--quick] [--hr DIR --lr DIR] [--out DIR] [--build DIR]
#   --quick       5 pairs of 64 and 256 pixels, patches of 16 and one epoch
#   --hr DIR      pairs of your own: the large pictures ...
#   --lr DIR      ... and the small ones, a quarter as large, under the same names
#   --out DIR     a new folder for the results (default: build/decks/competition)
#   --build DIR   the build folder with the programs (default: build/release)
set -euo pipefail
named="--hr --lr --out --build"
. "$(dirname "$0")/common.sh"
[ -n "$hr" ] && [ -z "$lr" ] && refuse "--hr DIR needs --lr DIR"
[ -n "$lr" ] && [ -z "$hr" ] && refuse "--lr DIR needs --hr DIR"
for folder in "$hr" "$lr"; do [ -z "$folder" ] || [ -d "$folder" ] || refuse "there is no folder '$folder'"; done
mkdir -p "$out"
pairs=5 side=2048 patch=64 batch=16 epochs=10 tile=128
[ -z "$quick" ] || side=256 patch=16 batch=2 epochs=1 tile=16

if [ -z "$hr" ]; then
  hr=$out/hr lr=$out/lr
  step "Making $pairs synthetic pairs of $((side / 4)) and $side pixels"
  example leaves "$hr" $pairs $side $side 0 "$lr" 4
fi
pairs=$(find "$hr" -maxdepth 1 -type f | wc -l)
step "Looking at the pairs"
crisp data check --hr "$hr" --lr "$lr" --scale 4

small="features=16 blocks=2 embed=24 heads=4 depths=2,2"
parameters() { crisp info --model hybrid --scale 4 "$@" --json | sed -n 's/^  "parameters": \([0-9]*\).*/\1/p'; }

step "Training"
# shellcheck disable=SC2086  # a word for each setting
crisp train --model hybrid --scale 4 --set $small --hr "$hr" --lr "$lr" --split 0.8 --patch $patch --batch $batch \
  --epochs $epochs --loss l1 --optimizer adam --lr 1e-3 --schedule cosine --validate-every 1000000 --out "$out/run" \
  | tee "$out/log.txt"

step "A picture of the test set: in tiles of $tile pixels, and at once"
picture=$(find "$lr" -maxdepth 1 -type f | sort | head -1)
crisp upscale --weights "$out/run/best.safetensors" --tile $tile "$picture" "$out/tiles.png"
crisp upscale --weights "$out/run/best.safetensors" --memory 8G "$picture" "$out/whole.png"

step "The deck's values beside those of this run"
steps=$(sed -n 's/^done: \([0-9]*\) steps.*/\1/p' "$out/log.txt")
train=$(sed -n 's/^train  *\([0-9]*\) images.*/\1/p' "$out/log.txt")
found=$(sed -n 's/^PSNR  *\(.*\); best.*/\1/p' "$out/log.txt")
# shellcheck disable=SC2086
cat <<TEXT | tee "$out/comparison.md"
| | deck | here |
|---|---|---|
| pairs | 1640 of 512 and 2048 pixels | $pairs |
| split: train, validate | 0.8: 1312, 328 | 0.8: $train, $((pairs - train)) |
| patches | 64 x 64 to 256 x 256, 64 of a picture, in batches of 16 | $patch x $patch to $((4 * patch)) x $((4 * patch)), $((steps * batch / train / epochs)) of a picture, in batches of $batch |
| turned by | flips | the 8 flips and quarter turns |
| the hybrid | 64 blocks of 256, then 4 x 6 layers of 6 heads: $(parameters) parameters | $small: $(parameters --set $small) parameters |
| Adam, cosine annealing, from | 1e-4 | 1e-3 |
| steps | 52,480 (10 epochs of 1312 x 64 / 16) | $steps |
| held-out pairs | not given | $found |
TEXT
same="the same picture"
cmp -s "$out/tiles.png" "$out/whole.png" || same="not the same bits: the tiles are mixed where they meet"
cat <<TEXT

What differs, and why. The pictures: dead leaves have edges and hardly any texture. The network: one of the deck's size takes
minutes a step on two cores; a small one stands ten times the rate. The steps are a hundredth and less: too few to pass bicubic.
Memory: the 1640 pairs as floats are 88 GB. crisp keeps samples as bytes in a cache file, of which memory holds what is in use.
In tiles and at once: $same.
TEXT

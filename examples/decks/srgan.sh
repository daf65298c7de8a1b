#!/usr/bin/env bash
# SRGAN's schedule: the generator alone by the squared error, then the game against a discriminator at 1e-4, and its second
# half at 1e-5. A small generator, small crops and minutes instead of days.
#
# usage: srgan.sh [--quick] [--data DIR] [--vgg FILE] [--out DIR] [--build DIR]
#   --quick       4 steps of each phase instead of six minutes in all
#   --data DIR    a folder with T91/HR and Set5/HR (default: ../shared/data beside the repository)
#   --vgg FILE    VGG19's weights in torchvision's names, for the content loss (default: the squared error of pixels)
#   --out DIR     a new folder for the results (default: build/decks/srgan)
#   --build DIR   the build folder with the programs (default: build/release)
set -euo pipefail
named="--data --vgg --out --build"
. "$(dirname "$0")/common.sh"
[ -z "$vgg" ] || [ -f "$vgg" ] || refuse "--vgg '$vgg' does not exist"
find_pictures
mkdir -p "$out"
size="features=32 blocks=4" patch=16 length="--minutes 6"
[ -z "$quick" ] || size="features=8 blocks=1" patch=8 length="--steps 8"

step "Both phases"
# shellcheck disable=SC2086  # a word for each setting
crisp train --model srgan --scale 4 --set $size --train "$train" --valid "$test" $length --patch $patch --batch 4 \
  ${vgg:+--vgg "$vgg"} --out "$out/run" | tee "$out/log.txt"

step "Bicubic, the generator after the first phase, and after the game"
crisp evaluate --method bicubic --weights "$out/run/srresnet/last.safetensors" "$out/run/last.safetensors" --data "$test" \
  --scale 4 --protocol rgb8 --columns parameters,psnr,ssim,time --names bicubic,SRResNet,SRGAN --quiet --markdown "$out/table.md"
for phase in srresnet game; do
  weights=$out/run/srresnet/last.safetensors
  [ $phase = srresnet ] || weights=$out/run/last.safetensors
  crisp evaluate --weights "$weights" --data "$test" --scale 4 --quiet --save "$out/pictures/$phase" >/dev/null
done

step "The deck's values beside those of this run"
rates() { awk -F, 'NR > 1 { if (!first) first = $4; last = $4; step = $1 } END { print step " steps, rate " first (first == last ? "" : " to " last) }' "$1"; }
mean() { awk -v name="$1" '{ split($0, cell, " *[|] *") } cell[2] == name { print cell[6] }' "$out/table.md"; }
parameters() { awk -v name="$1" '{ split($0, cell, " *[|] *") } cell[2] == name { print cell[5] }' "$out/table.md"; }
cat <<TEXT | tee "$out/comparison.md"
| | deck | here |
|---|---|---|
| generator | 16 blocks of 64: 1,549,462 parameters, and 4,224 that are not trained | $size: $(parameters SRGAN) with those that are not trained |
| crops of HR, batch | 96, 16 | $((4 * patch)), 4 |
| first phase: squared error | 1,000,000 steps, rate 1e-4 | $(rates "$out/run/srresnet/metrics.csv") |
| the game | 100,000 steps at 1e-4, 100,000 at 1e-5 | $(rates "$out/run/metrics.csv") |
| content | VGG19's conv5_4 | ${vgg:-squared error of pixels} |
| weight of the adversarial loss | 1e-3 | 1e-3 |
| mean PSNR after the first phase | 32.05 dB | $(mean SRResNet) dB (bicubic $(mean bicubic)) |
| after the game | lower: it is no aim of the game | $(mean SRGAN) dB |
TEXT
cat <<TEXT

What differs, and why. The paper trains for days on a GPU, on 350,000 pictures; these are minutes, so the first phase has not
ended when the game begins. Without VGG19's weights the content is measured by pixels, which holds the picture near to
SRResNet's. The paper's PSNR is of its own protocol. What is kept is the order of the phases, and the rates.
The pictures lie in $out/pictures. crisp mos asks people about them, as the paper does.
TEXT

#!/usr/bin/env bash
# The review of SRCNN: its table in six metrics for bicubic; SRCNN 9-1-5 x3 learnt as the paper does, without padding, from
# weights around 0 of deviation 0.001 and with a tenth of the rate for the last layer; its filters and feature maps.
#
# usage: review.sh [--quick] [--data DIR] [--out DIR] [--build DIR]
#   --quick       200 steps instead of 20,000
#   --data DIR    a folder with T91/HR and Set5/HR (default: ../shared/data beside the repository)
#   --out DIR     a new folder for the results (default: build/decks/review)
#   --build DIR   the build folder with the programs (default: build/release)
set -euo pipefail
named="--data --out --build"
. "$(dirname "$0")/common.sh"
find_pictures
mkdir -p "$out"
steps=20000
[ -z "$quick" ] || steps=200

step "Bicubic in the metrics of the table: measured (published)"
crisp table --method bicubic --data "$test" --scale 2 3 4 --metrics psnr,ssim,ifc,nqm,wpsnr,ms-ssim-97 --quiet \
  | awk -F '|' '/^[|]/ { print "|" $2 "|" $3 "|" $4 "|" $5 "|" }' | tee "$out/metrics.md"

step "Training: $steps steps, no padding, Adam 1e-3, and 1e-4 for conv3"
crisp train --model srcnn --scale 3 --train "$train" --valid "$test" --steps $steps --patch 33 --batch 16 --loss mse \
  --optimizer adam --lr 1e-3 --layer-lr conv3.=1e-4 --schedule constant --normal-init 0.001 --out "$out/run" | tee "$out/log.txt"

step "Filters and feature maps"
picture=$test/butterfly.png
[ -e "$picture" ] || picture=$(find "$test" -maxdepth 1 -type f | sort | head -1)
crisp look "$out/run/best.safetensors" "$out/filters.png" --picture "$picture"

step "The deck's values beside those of this run"
crisp evaluate --method bicubic --weights "$out/run/best.safetensors" --data "$test" --scale 3 --quiet \
  --columns parameters,psnr,ssim,ifc,nqm,wpsnr,ms-ssim-97 --names bicubic,SRCNN --markdown "$out/table.md" >/dev/null
awk '
  { split($0, cell, " *[|] *") }
  cell[2] == "bicubic" { bicubic = cell[6] }
  cell[2] == "SRCNN" { parameters = cell[5]; psnr = cell[6] }
  END {
    print "| x3 | deck | here |\n|---|---|---|"
    printf "| parameters of SRCNN 9-1-5 | 8,129 | %s |\n", parameters
    printf "| bicubic, mean PSNR | 30.39 dB | %s dB |\n", bicubic
    printf "| SRCNN 9-1-5 learnt from T-91 | 32.39 dB | %s dB |\n", psnr
    print "| SRCNN 9-5-5 learnt from ImageNet | 32.75 dB | not trained here |"
  }' "$out/table.md" | tee "$out/comparison.md"
cat <<TEXT

What differs, and why. The paper makes up to 8e8 steps of SGD at 1e-4, and 1e-5 for the last layer; here a few thousand of Adam have
to do. Its loss is summed over the pixels of a patch, and that of crisp is their mean: the same rate would move hundreds of times
less. What is kept: the loss on the centre alone, as nothing is padded in training; the beginning; the ratio of the rates.
MS-SSIM is computed as in the paper's table (ms-ssim-97), and not as its authors' program does (ms-ssim, which is higher).
From so small a beginning about half of the first layer's filters come out nearly alike, bright at the centre and dark around
it, and the others stay noise: far from the paper's variety, which takes its many steps.
The filters lie in $out/filters.png, the feature maps in $out/filters_conv1.png and so on.
TEXT

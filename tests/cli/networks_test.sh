#!/bin/sh
# Every network by name: its counts, a short training, its files; pairs, splits, degradations, beginnings, raw tensors.
. "$(dirname "$0")/common.sh"
make_picture pictures/a.png
make_picture pictures/b.png

counts() { works info --model "$@" --json; }
counts srcnn-bn
shows '"parameters": 20483'
shows '"untrained": 192'
counts srresnet-lecture --scale 2
shows '"parameters": 449731'
counts edsr-baseline --scale 3
shows '"parameters": 1554499'
counts swinir-light --scale 4
shows '"parameters": 929628'

# Two steps each, on networks made small where they are large.
data="--train pictures --valid pictures --steps 2 --batch 1 --quiet"
short="$data --patch 12"
tiny="srcnn-bn:3: srresnet-lecture:2: srresnet-lite:4: srautoencoder:2: srresnet:2:features=8,blocks=1 msrresnet:3:features=8,blocks=1 edsr-small:2:features=8,blocks=1 edsr-baseline:3:features=8,blocks=1
  edsr:2:features=8,blocks=1 swinir-light:2:embed=8,heads=2,depths=2 swinir:2:embed=8,heads=2,depths=2 hybrid:2:features=8,blocks=1,embed=8,heads=2,depths=2
  vdsr:2:features=8,depth=4 arcnn:1: fsrcnn:3: espcn:2: lapsrn:2:features=8,depth=2 ms-lapsrn:2:features=8,depth=2,recursions=2
  dncnn:1:features=8,depth=4"
for one in $tiny; do
  name=$(echo "$one" | cut -d: -f1) scale=$(echo "$one" | cut -d: -f2)
  set=$(echo "$one" | cut -d: -f3 | sed 's/,/ /g')
  works train --model "$name" --scale "$scale" $short ${set:+--set $set} --out "$name"
  shows "PSNR"
  works info "$name/last.safetensors"
  works upscale --weights "$name/last.safetensors" pictures/a.png "large_$name.png"
  [ "$(size "large_$name.png")" = "$((40 * scale)) $((47 * scale)) 2" ] || fail "$name x$scale made a picture of $(size "large_$name.png")"
done
for variant in denoise jpeg; do
  works train --model swinir --variant $variant $data --patch 14 --set embed=8 heads=2 depths=2 --out $variant
done
works train --model lapsrn --scale 4 --set features=8 depth=2 --train pictures --valid pictures --steps 1 --batch 1 --patch 8 --out levels
shows "charbonnier loss of each level"
works upscale --weights ms-lapsrn/last.safetensors --scale 4 pictures/a.png four.png  # one file for all its scales
[ "$(size four.png)" = "160 188 2" ] || fail "ms-lapsrn at x4 made a picture of $(size four.png)"
works evaluate --weights ms-lapsrn/last.safetensors@4 --data pictures
shows "x4"
expect 1 "enlarges by 2, 4 or 8, not by 3" upscale --weights ms-lapsrn/last.safetensors --scale 3 pictures/a.png three.png
expect 2 "enlarges by 2, and cannot by 4" upscale --weights lapsrn/last.safetensors --scale 4 pictures/a.png four.png
works evaluate --weights arcnn/last.safetensors --data pictures --degrade jpeg:10
shows "made by jpeg:10"
works evaluate --weights edsr/last.safetensors --data pictures --protocol basicsr
shows "luma not rounded"

# SRGAN: both phases, each stopped and resumed as one.
game="--model srgan --scale 2 $data --set features=8 blocks=1"
works train $game --patch 8 --out game
[ -s game/best.safetensors ] && [ -s game/srresnet/best.safetensors ] || fail "srgan left no weights of both halves"
works info game/last.safetensors
works train $game --patch 8 --out game --resume  # nothing is left to do, and nothing is wrong
expect 2 "multiple of 16" train $game --patch 9 --out other

# Pairs by name; a split; a beginning from other weights; more than one batch for a step.
mkdir -p small
works upscale --weights arcnn/last.safetensors pictures/a.png one.png
for name in a b; do cp pictures/$name.png small/$name.png; done
expect 1 "HR must be" train --model edsr-baseline --scale 2 --set features=8 blocks=1 --hr pictures --lr small --steps 1 --patch 8 --out pairs
works train --model arcnn --scale 1 --hr pictures --lr small --lr 1e-4 --steps 2 --batch 1 --patch 16 --out pairs
shows "learning rate 0.0001"
works train --model srcnn --scale 2 --train pictures --split 0.5 --steps 2 --accumulate 2 --batch 1 --ema 0.9 --out split
shows "validate  1 images, held out"
works train --model edsr --scale 3 --set features=8 blocks=1 $short --init edsr/last.safetensors --out begun
works train --model edsr --scale 3 --set features=8 blocks=1 --train pictures --steps 1 --batch 1 --patch 8 --init edsr/last.safetensors --out begun2
shows "begins anew: upsample.0.weight"

expect 2 "no setting 'blokcs'" train --model edsr --scale 2 $short --set blokcs=3 --out wrong
expect 2 "NAME=VALUE" train --model edsr --scale 2 $short --set 3 --out wrong
expect 2 "is none; use" train --model arcnn --scale 1 $short --degrade jpg --out wrong
expect 2 "go together" train --model edsr --scale 2 --hr pictures --steps 1 --out wrong
expect 2 "neither a learning rate nor a folder" train --model edsr --scale 2 $short --lr nosuch --out wrong
expect 2 "between 0 and 1" train --model srcnn --scale 2 --train pictures --split 1.5 --steps 1 --out wrong
expect 2 "leaves none" train --model srcnn --scale 2 --train pictures --split 0.1 --steps 1 --out wrong
expect 2 "works at x1, not at x2" train --model arcnn --scale 2 $short --out wrong
expect 1 "holds no tensor" forward --weights edsr/last.safetensors edsr/last.safetensors out.safetensors
finish

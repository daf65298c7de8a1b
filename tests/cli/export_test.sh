#!/bin/sh
# Networks for other programs: safetensors and ONNX, from files, from two mixed, and new ones.
. "$(dirname "$0")/common.sh"
make_picture picture.png
tiny_training run
works export --weights run/best.safetensors again.safetensors
works upscale --weights run/best.safetensors picture.png a.png
works upscale --weights again.safetensors picture.png b.png
cmp -s a.png b.png || fail "what was exported and read again enlarges differently"
works export --weights run/best.safetensors --half --note data=leaves "by=a=b c" half.safetensors
[ "$(wc -c <half.safetensors)" -lt $(($(wc -c <again.safetensors) * 6 / 10)) ] || fail "--half wrote $(wc -c <half.safetensors) bytes"
works info half.safetensors
shows "  data  *leaves"
shows "  by  *a=b c"
works upscale --weights half.safetensors picture.png half.png
works export --weights run/best.safetensors models/srcnn.onnx
shows "of any size"
grep -q "Conv" models/srcnn.onnx || fail "srcnn.onnx holds no convolution"
works export --interpolate run/best.safetensors run/last.safetensors 0.5 mixed.safetensors
works export --model swinir-light --scale 2 --set embed=8 heads=2 depths=2,2 --seed 3 swinir.safetensors
works info swinir.safetensors  # the constants of the official program do no harm
grep -q "layers.0.residual_group.blocks.1.attn_mask" swinir.safetensors || fail "the mask is missing"
works export --weights swinir.safetensors --size 24 40 swinir.onnx
shows "input (1, 3, 24, 40) -> (1, 3, 48, 80); this network is exported for one size"
works export --model edsr-baseline --scale 3 --set features=8 blocks=1 edsr.onnx
# --set takes pairs alone: what follows them is the output, in any place.
tiny="export --model edsr-baseline --scale 3"
works $tiny --set features=8 blocks=1 set1.safetensors --quiet
works $tiny --set features=8 --set blocks=1 set2.safetensors --quiet --seed 0
works export --set features=8 blocks=1 set3.safetensors --model edsr-baseline --scale 3
works $tiny --set=features=8 blocks=1 -- set4.safetensors
works $tiny set5.safetensors --set features=8 blocks=1
for n in 2 3 4 5; do
  cmp -s set1.safetensors set$n.safetensors || fail "--set in other words gave another network: set$n"
done
works info --model edsr-baseline --set features=8 blocks=1 --scale 3
expect 2 "either" info --model edsr-baseline --scale 3 --set features=8 set1.safetensors
expect 2 "--set: it takes NAME=VALUE" $tiny --set features 8.onnx
expect 2 "--set: it takes NAME=VALUE" $tiny --set set1.safetensors features=8
expect 2 "OUTPUT" $tiny --set features=8 blocks=1
expect 2 "OUTPUT" $tiny --set features=8 blocks
expect 2 "blocks" $tiny out.onnx --set features=8 blocks
expect 2 "must end in .onnx or .safetensors" export --weights run/best.safetensors model.tflite
expect 2 "give one of" export out.onnx
expect 2 "give one of" export --model srcnn --weights run/best.safetensors out.onnx
expect 2 "--size" export --weights swinir.safetensors --size 0 40 swinir.onnx
expect 1 "not one network" upscale --interpolate run/best.safetensors swinir.safetensors 0.5 picture.png c.png
printf 'PK\003\004nothing' >weights.pth
expect 1 "its zip archive cannot be read" info weights.pth
finish

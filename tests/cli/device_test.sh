#!/bin/sh
# --device and info --devices. Where no GPU can be used, cuda is refused before any work; where one can, both devices say the same.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png
tiny_training run --device cpu
weights=run/best.safetensors

expect 2 "alone" info --devices --model srcnn --scale 3
works info --devices
shows "^cpu   .*[0-9] logical cores*, vectors of [0-9]* floats$"
shows "^cuda  "

refused() {
  expect 1 "--device cuda: .*; --device cpu needs no GPU" "$@" --device cuda
  [ "$(wc -l <err.txt)" = 1 ] || fail "crisp $*: standard error is not one line: $(cat err.txt)"
  [ -s out.txt ] && fail "crisp $*: there is no GPU, but something was printed: $(cat out.txt)"
}

if grep -q "^cuda  none: " out.txt; then
  refused train --model srcnn --scale 2 --train synthetic --steps 1 --out new
  refused upscale --weights $weights pictures/one.png large.png
  refused evaluate --weights $weights --data pictures
  refused export --weights $weights net.safetensors
  refused forward --weights $weights $weights result.safetensors
  refused serve --weights $weights --port 0
  for made in new large.png net.safetensors result.safetensors; do
    [ -e $made ] && fail "$made was made before the GPU was missed"
  done
  grep -q "built without CUDA\|NVIDIA" err.txt || fail "it should say why: $(cat err.txt)"
else
  for device in cpu cuda; do
    tiny_training $device --valid pictures --device $device
    works upscale --weights $weights --bits 16 --device $device pictures/one.png $device.png
    works evaluate --weights $device/last.safetensors --data pictures --device $device --quiet
    psnr=$(sed -n 's/^mean of 1 *\([0-9.]*\) .*/\1/p' out.txt)
    [ -n "$psnr" ] || fail "evaluate --device $device printed: $(cat out.txt)"
    eval "psnr_$device=$psnr"
  done
  awk -v a="$psnr_cpu" -v b="$psnr_cuda" 'BEGIN { exit !(a - b < 0.001 && b - a < 0.001) }' || fail "the same training gives $psnr_cpu dB on the CPU, $psnr_cuda dB on the GPU"
  [ "$(size cpu.png)" = "$(size cuda.png)" ] || fail "the enlarged pictures differ in size: $(size cpu.png) and $(size cuda.png)"
fi
finish

#!/bin/sh
# --device, --precision and info --devices. Where no GPU can be used, cuda is refused before any work; where one can, both devices say the same.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png
tiny_training run --device cpu
weights=run/best.safetensors

expect 2 "alone" info --devices --model srcnn --scale 3
works info --devices
shows "^cpu   .*[0-9] logical cores*, vectors of [0-9]* floats; [0-9]* threads* (.*)$"
shows "^mpi   "
(export OMP_NUM_THREADS=3 && works info --devices) || exit 1
shows "^cpu   .*; 3 threads (OMP_NUM_THREADS)$"
shows "^cuda  "

# Other precisions than fp32 are the GPU's.
expect 2 "--precision: fp8 not in" upscale --weights $weights --precision fp8 pictures/one.png large.png
for command in "train --model srcnn --scale 2 --train synthetic --steps 1 --out new" "upscale --weights $weights pictures/one.png large.png" "evaluate --weights $weights --data pictures" \
  "forward --weights $weights $weights result.safetensors" "serve --weights $weights --port 0"; do
  expect 2 "--precision bf16 is for the GPU; the CPU computes in fp32: leave it out, or give --device cuda" $command --device cpu --precision bf16
  works ${command%% *} --help
  shows "--precision"
done
works upscale --weights $weights --device cpu --precision fp32 pictures/one.png fp32.png
works info --devices

refused() {
  expect 1 "--device cuda: .*; --device cpu needs no GPU" "$@" --device cuda
  [ "$(wc -l <err.txt)" = 1 ] || fail "crisp $*: standard error is not one line: $(cat err.txt)"
  [ -s out.txt ] && fail "crisp $*: there is no GPU, but something was printed: $(cat out.txt)"
}

if grep -q "^cuda  none: " out.txt; then
  refused train --model srcnn --scale 2 --train synthetic --steps 1 --out new
  refused train --model srcnn --scale 2 --train synthetic --steps 1 --out new --precision tf32
  expect 2 "--precision tf32 is for the GPU" upscale --weights $weights --precision tf32 pictures/one.png large.png
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

  # Rounded factors: nearly the same, of the same kind of file; a training goes on as it began.
  tiny_training half --valid pictures --device cuda --precision bf16
  shows "on the GPU in bf16"
  for precision in fp32 bf16; do
    works evaluate --weights cpu/last.safetensors --data pictures --device cuda --precision $precision --quiet
    psnr=$(sed -n 's/^mean of 1 *\([0-9.]*\) .*/\1/p' out.txt)
    eval "psnr_$precision=$psnr"
  done
  awk -v a="$psnr_fp32" -v b="$psnr_bf16" 'BEGIN { d = a - b; exit !(d != 0 && d < 0.1 && d > -0.1) }' || fail "a network has $psnr_fp32 dB in fp32, $psnr_bf16 dB in bf16"
  [ "$(wc -c <half/last.safetensors)" = "$(wc -c <cuda/last.safetensors)" ] || fail "bf16 changes the size of the weights file"
  expect 1 "the setting 'precision' was 'bf16' in 'half/state.safetensors', and is 'fp32' now" train --model srcnn --scale 2 --train synthetic --steps 4 --batch 2 --seed 3 --valid pictures --device cuda --out half --resume
  [ "$(size cpu.png)" = "$(size cuda.png)" ] || fail "the enlarged pictures differ in size: $(size cpu.png) and $(size cuda.png)"
fi
finish

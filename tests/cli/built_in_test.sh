#!/bin/sh
# The networks that come with the program: the same to the bit as from their files, complete, small, and told of.
. "$(dirname "$0")/common.sh"
weights=${CRISP_WEIGHTS:?the folder of the built-in weights}
make_picture picture.png
mkdir pictures
cp picture.png pictures/a.png

# What is there, in less than 3 MB.
[ "$(cat "$weights"/*.safetensors | wc -c)" -lt 3000000 ] || fail "the weights take $(cat "$weights"/*.safetensors | wc -c) bytes"
works info --built-in
cp out.txt table.txt
for file in "$weights"/*.safetensors; do
  name=$(basename "$file" .safetensors)
  grep -q "^| .built-in:$name. |.*[0-9] ([0-9.]*) | T91" table.txt || fail "the table lacks $name, or its figures: $(cat table.txt)"
  works info "built-in:$name"
  for key in model scale channels data command time steps protocol set5 set5_before b100 b100_before; do
    shows "^  $key  *[^ ]"
  done
  shows "^  command  *crisp train --model "
  works export --weights "built-in:$name" --half again.safetensors  # the same numbers: they are halves already
  works info "built-in:$name" --json
  shows '"not_finite": 0'
done
for scale in 1 2 3 4; do
  grep -q "luma, .*$([ $scale = 1 ] && echo JPEG || echo x$scale)" table.txt || fail "no network on luma for x$scale: $(cat table.txt)"
done

# Without --weights: the network on luma of this scale, to the bit as from its file.
for scale in 2 3 4; do
  works upscale picture.png large.png --scale $scale --threads 1
  shows "network   built-in:luma-x$scale: .* parameters, [0-9.]* dB on Set5"
  works upscale --weights "$weights/luma-x$scale.safetensors" --threads 1 picture.png expected.png
  grep -q "network" out.txt && fail "a network that the user named is told: $(cat out.txt)"
  cmp -s large.png expected.png || fail "x$scale: the built-in network is not that of its file"
done
works upscale --weights built-in:colour-x2 --threads 1 picture.png large.png
works upscale --weights "$weights/colour-x2.safetensors" --threads 1 picture.png expected.png
cmp -s large.png expected.png || fail "the built-in network on colour is not that of its file"
works upscale --weights built-in --scale 1 picture.png clean.png
[ "$(size clean.png)" = "40 47 2" ] || fail "the restored picture is $(size clean.png)"
works upscale --quiet pictures large --scale 2
[ -s out.txt ] && fail "--quiet printed: $(cat out.txt)"
[ "$(size large/a.png)" = "80 94 2" ] || fail "of a folder, the picture became $(size large/a.png)"

# By name in other commands; all that fit the scales.
works evaluate --weights built-in --data pictures --scale 2 --protocol basicsr
shows "built-in:luma-x2"
shows "built-in:colour-x2"
grep -q "x4" out.txt && fail "networks of other scales were used: $(cat out.txt)"
works export --weights built-in:luma-x2 net.safetensors
works train --model edsr-small --scale 4 --train pictures --valid pictures --steps 1 --batch 1 --patch 8 --init built-in:luma-x2 --out begun
shows "init      [0-9]* weights from built-in:luma-x2"

# What is not there.
expect 2 "no built-in network that enlarges by 8: the built-in networks are for --scale 2, 3, 4, 1 (1: JPEG's blocks off)" upscale picture.png no.png --scale 8
expect 2 "give --scale N: the built-in networks are for" upscale picture.png no.png
expect 2 "no built-in network 'luma-x9'; there are: luma-x2, colour-x2" upscale --weights built-in:luma-x9 picture.png no.png
expect 2 "enlarges by 2, and cannot by 3" upscale --weights built-in:luma-x2 picture.png no.png --scale 3
expect 2 "no built-in network 'x'" serve --weights built-in:x --port 0
expect 2 "--built-in goes alone" info --built-in --models
[ ! -e no.png ] || fail "a wrong use left no.png behind"
expect 2 "1 names for 0 methods" evaluate --weights built-in --data pictures --scale 8 --names one
finish

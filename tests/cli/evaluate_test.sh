#!/bin/sh
# Scores: the table, the means, the protocols, the JSON file, the saved images.
. "$(dirname "$0")/common.sh"
make_picture data/first.png
make_picture "data/second one.png"

for method in nearest bilinear bicubic; do
  works evaluate --method $method --data data --scale 2 --json $method.json
  shows "second one"
  shows "mean of 2"
  shows "PSNR of the mean MSE"
  shows "protocol y: "
  for key in psnr ssim psnr_of_mean_mse images protocol; do
    grep -q "\"$key\":" $method.json || fail "$method.json lacks '$key'"
  done
  grep -q '"protocol": "y"' $method.json || fail "the default protocol of a method is y: $(cat $method.json)"
done
# The same picture twice: the mean, the PSNR of the mean MSE and each single figure agree.
[ "$(grep -c "\"psnr[a-z_]*\": $(sed -n 's/^  "psnr": \([0-9]*\.[0-9]\{6\}\).*/\1/p' bicubic.json)" bicubic.json)" = 4 ] || fail "the figures of equal pictures differ: $(cat bicubic.json)"

works evaluate --method bicubic --data data --scale 3 --protocol rgb8 --save saved --quiet
shows "protocol rgb8: "
[ "$(grep -c "^first\|^second" out.txt)" = 0 ] || fail "--quiet printed single images: $(cat out.txt)"
[ "$(ls saved | tr '\n' ' ')" = "first.png second one.png " ] || fail "saved: $(ls saved)"
[ "$(size saved/first.png)" = "39 45 2" ] || fail "the saved image is $(size saved/first.png)"

tiny_training run
works evaluate --weights run/best.safetensors --data data --json network.json
grep -q '"scale": 2' network.json || fail "the scale should come from the file: $(cat network.json)"
works evaluate --weights run/best.safetensors --data data --protocol rgb8 --threads 1
expect 0 "trained for x2" evaluate --weights run/best.safetensors --data data --scale 3

make_pictures tiny
expect 1 "too small" evaluate --method bicubic --data tiny --scale 2
echo "this is text" >data/text.png
expect 1 "text.png" evaluate --method bicubic --data data --scale 2 --json none.json
[ -e none.json ] && fail "a failed evaluation wrote its JSON"
rm data/text.png
expect 1 "missing/figures.json" evaluate --method bicubic --data data --scale 2 --json missing/figures.json
finish

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

# A table of sets, scales and methods; more columns; files; what is not as in papers is said.
make_picture other/HR/third.png
works evaluate --method bicubic nearest --weights run/best.safetensors@2 --data data other/HR --scale 2 3 --metrics wpsnr,nqm --markdown table.md --csv table.csv --json table.json
shows "| set | scale | bicubic | nearest | run |"
shows "^| data | x2 | [0-9.]* / 0\.[0-9]* / [0-9.]* / [0-9.]* |"
shows "^| other | x3 | [0-9].* | [0-9].* | |"
shows "psnr / ssim / wpsnr / nqm"
shows "run x2: protocol y"
[ "$(grep -c '^|' table.md)" = 6 ] || fail "the table should have a head and four rows: $(cat table.md)"
[ "$(wc -l <table.csv)" = 26 ] || fail "the CSV should have a head and 15 scores with their 10 means: $(cat table.csv)"
grep -q '"results"' table.json || fail "several results should be a list: $(head -3 table.json)"
works evaluate --method bicubic --data data --scale 2 --metrics wpsnr --json more.json
shows "wpsnr"
grep -q '"wpsnr":' more.json || fail "wpsnr is missing in the JSON"
expect 1 "ifc" evaluate --method bicubic --data data --scale 2 --metrics ifc
expect 0 "leave out 2 pixels on every side, here it is 4" evaluate --method bicubic --data data --scale 2 --shave 4
expect 0 "scores are taken on RGB" evaluate --method bicubic --data data --scale 2 --protocol rgb8 --channel rgb
shows "scored on RGB"
mkdir small
works upscale --weights run/best.safetensors data/first.png large.png  # 80 x 94: its small picture is data/first.png
mkdir large && mv large.png large/first.png
cp data/first.png small/first_x2.png
expect 0 "were not made by MATLAB's bicubic" evaluate --method bicubic --data large --scale 2 --lr small
shows "the input from small"
expect 2 "has no picture that belongs to 'first.png'" evaluate --method bicubic --data large --scale 3 --lr small
# Two pictures of one name are scored and written apart; what is no picture is named.
mkdir two && cp data/first.png two/a.png && cp data/first.png two/a.PNG && echo text >two/notes.txt && echo text >two/._a.png
expect 0 "left out: 'two/notes.txt': not an image" evaluate --method bicubic --data two --scale 2 --save apart
grep -q "1 entry of 'two' was left out" err.txt || fail "what was left out is not counted: $(cat err.txt)"
[ "$(cd apart && echo *)" = "a.PNG.png a.png.png" ] || fail "two pictures of one name became $(ls apart)"
expect 2 "none of the networks works" evaluate --weights run/best.safetensors@2 --data data --scale 3

# A table with a row for each method, under names of one's own.
works evaluate --method bicubic --weights run/best.safetensors@2 --data data --scale 2 --columns parameters,mse,psnr,psnr-of-mean,ssim,time,wpsnr \
  --names "plain bicubic,a network" --markdown rows.md --json rows.json --quiet
shows "^| method | set | scale | parameters | MSE (0..255 squared) | mean PSNR, dB | PSNR of the mean MSE, dB | SSIM | s a picture | wpsnr |"
shows "^| plain bicubic | data | x2 | none | [0-9.]* | [0-9.]* | [0-9.]* | 0\.[0-9]* | [0-9.]* | [0-9.]* |"
shows "^| a network | data | x2 | 8,129 | "
shows "^plain bicubic x2: protocol y"
[ "$(grep -c '^|' rows.md)" = 4 ] || fail "the table should have a head and two rows: $(cat rows.md)"
# Equal pictures: the two means of PSNR are one, and belong to the MSE.
awk '{ split($0, cell, " *[|] *") } cell[2] == "plain bicubic" {
  psnr = 10 * log(65025 / cell[6]) / log(10); exit !(cell[7] == cell[8] && psnr - cell[7] < 0.02 && cell[7] - psnr < 0.02)
}' rows.md || fail "MSE and PSNR do not belong together: $(cat rows.md)"
for key in parameters mse seconds; do grep -q "\"$key\":" rows.json || fail "rows.json lacks '$key'"; done
works evaluate --method bicubic --data data --scale 2 --columns mse
shows "^| bicubic | data | x2 | [0-9.]* |"
expect 2 "1 names for 2 methods; give one for each, those of --method first" evaluate --method bicubic nearest --data data --scale 2 --names one
expect 2 "'one' stands there twice" evaluate --method bicubic nearest --data data --scale 2 --names one,one
expect 2 "speed" evaluate --method bicubic --data data --scale 2 --columns speed

make_pictures tiny
expect 1 "too small" evaluate --method bicubic --data tiny --scale 2
echo "this is text" >data/text.png
expect 1 "text.png" evaluate --method bicubic --data data --scale 2 --json none.json
[ -e none.json ] && fail "a failed evaluation wrote its JSON"
rm data/text.png
expect 1 "missing/figures.json" evaluate --method bicubic --data data --scale 2 --json missing/figures.json
finish

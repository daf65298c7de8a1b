#!/bin/sh
# Methods that are learnt from examples: learning, its files, every command that takes them; the table; wrong use.
. "$(dirname "$0")/common.sh"
make_picture pictures/a.png
make_picture pictures/b.png

learn="--train pictures --scale 2 --set atoms=48"
for name in gr anr aplus ksvd zeyde ne-lle ne-ls ne-nnls; do
  works train --model $name $learn --out $name
  shows "$name, x2, learnt from examples"
  shows "$name/best.safetensors"
  works upscale --weights $name/best.safetensors pictures/a.png large.png
  [ "$(size large.png)" = "80 94 2" ] || fail "$name made a picture of $(size large.png)"
done
works train --model anr $learn --threads 1 --valid pictures --quiet --out again
shows "validation .* dB"
cmp -s anr/dictionary.safetensors again/dictionary.safetensors || fail "one thread learnt another dictionary than all"
cmp -s anr/best.safetensors again/best.safetensors || fail "one thread learnt other regressors than all"
works train --model anr --scale 2 --init zeyde/best.safetensors --out of_dictionary
cp -r anr stopped
rm -f stopped/best.safetensors stopped/.lock
works train --model anr $learn --resume --out stopped
cmp -s anr/best.safetensors stopped/best.safetensors || fail "a resumed training learnt other regressors"
leaves_no_parts

works info zeyde/best.safetensors
shows "dict_high"
works evaluate --weights aplus/best.safetensors zeyde/best.safetensors --method ibp self-similarity --data pictures --scale 2
shows "| pictures | x2 |"
works export --weights gr/best.safetensors gr.safetensors
works upscale --weights gr.safetensors pictures/a.png large.png
expect 1 "'from_examples' has no counterpart in ONNX" export --weights gr/best.safetensors gr.onnx
[ -e gr.onnx ] && fail "a file was left that is none"

works look zeyde/best.safetensors atoms.png --enlarge 3
shows "48 tiles of dict_high"
[ "$(size atoms.png)" = "134 134 0" ] || fail "the mosaic is $(size atoms.png)"  # 7 x 7 tiles of 18 pixels
works look anr/best.safetensors anchors.png
shows "48 tiles of regressors"
works look anr/best.safetensors matrix.png --atom 48 --enlarge 2
shows "tiles of the matrix of atom 48: what it makes of the atom"
[ -s matrix.png ] || fail "there is no picture of the matrix"
expect 2 "there are 48 atoms" look anr/best.safetensors matrix.png --atom 49
expect 2 "for each atom, not for zeyde" look zeyde/best.safetensors matrix.png --atom 1
expect 2 "exclude each other" look anr/best.safetensors matrix.png --atom 1 --layer regressors
expect 2 "has no layers" look anr/best.safetensors anchors.png --picture pictures/a.png
expect 2 "none that can be shown; there are: regressors" look anr/best.safetensors anchors.png --layer conv1
works export --model srcnn --scale 2 srcnn.safetensors
works look srcnn.safetensors filters.png --picture pictures/a.png
shows "64 feature maps of conv1"
[ -s filters_conv3.png ] || fail "there is no picture of conv3"
works info anr/best.safetensors
shows "learnt from examples"

mkdir -p Set5
cp pictures/a.png Set5
works table anr/best.safetensors gr/best.safetensors --data Set5 --metrics psnr,ssim,wpsnr --quiet --out t.md t.csv t.html t.tex
shows "^| set | scale | metric | bicubic | kk | "
shows "^| Set5 | x2 | psnr | .* (33.66) | 36.20 quoted | .* (35.13) |"
grep -q 'class="bad"' t.html || fail "t.html shows no difference"
grep -q '^Set5,2,psnr,kk,,36.2' t.csv || fail "t.csv lacks what is quoted: $(cat t.csv)"
grep -q 'times 2' t.tex || fail "t.tex holds no scale"

works table gr/best.safetensors --data Set5 --plot plot.svg
shows "gr .* s a picture"
grep -q '<circle' plot.svg || fail "plot.svg has no points"
expect 2 "goes with one scale" table --data Set5 --scale 2 3 --plot plot.svg

expect 2 "learnt from examples in one go" train --model anr $learn --minutes 3 --out wrong
expect 2 "2, 3 or 4" train --model anr --train pictures --scale 5 --out wrong
expect 2 "give --train DIR" train --model aplus --scale 2 --out wrong
expect 2 "from photographs" train --model gr --scale 2 --train synthetic --out wrong
expect 2 "crisp does not learn it" train --model sc --scale 3 --train pictures --out wrong
expect 2 "holds a training already" train --model anr $learn --out anr
expect 2 "there is no training" train --model anr $learn --resume --out wrong
expect 2 "holds no dictionaries" train --model anr --scale 2 --init gr/best.safetensors --out wrong
expect 1 "are not those of x3" train --model anr --scale 3 --init zeyde/best.safetensors --out wrong
expect 1 "1024 atoms cannot be learnt from" train --model zeyde --scale 2 --train pictures --out wrong
expect 2 "enlarges by 2, and cannot by 3" upscale --weights gr/best.safetensors --scale 3 pictures/a.png large.png
expect 2 "two of the files are gr at x2" table gr/best.safetensors gr.safetensors --data Set5
expect 2 "must end in .md" table --data Set5 --scale 2 --out t.txt
make_pictures odd
expect 1 "smaller than a patch" upscale --weights gr/best.safetensors odd/pixel.png large.png
finish

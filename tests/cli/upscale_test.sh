#!/bin/sh
# Enlarging images: sizes, kinds, folders, formats; and what cannot be enlarged or written.
. "$(dirname "$0")/common.sh"
make_pictures "small pictures"
tiny_training run
weights=run/best.safetensors

# Gray stays gray, RGB stays RGB, alpha stays; sizes are doubled, odd ones and a single pixel too.
works upscale --weights $weights "small pictures" "large pictures"
[ "$(grep -c -- '->' out.txt)" = 5 ] || fail "five images should be reported: $(cat out.txt)"
for case in gray:10:14:0 gray_alpha:12:10:4 rgb:26:18:2 rgba:16:12:6 pixel:2:2:2; do
  name=${case%%:*}
  [ "$(size "large pictures/$name.png")" = "$(echo "${case#*:}" | tr : ' ')" ] || fail "$name.png became $(size "large pictures/$name.png"), not ${case#*:}"
done

# A file; another scale than the one in the file is warned of; the number of threads changes nothing.
expect 0 "trained for x2" upscale --weights $weights --scale 3 "small pictures/rgb.png" sub/rgb3.png
[ "$(size sub/rgb3.png)" = "39 27 2" ] || fail "x3 gave $(size sub/rgb3.png)"
works upscale --weights $weights --threads 1 "small pictures/rgb.png" one_thread.png
cmp -s one_thread.png "large pictures/rgb.png" || fail "the result depends on the number of threads"
works upscale --weights $weights --quiet "small pictures/rgb.png" large.jpg
[ -s out.txt ] && fail "--quiet printed: $(cat out.txt)"
[ "$(od -An -tx1 -N2 large.jpg)" = " ff d8" ] || fail "large.jpg is no JPEG"
works upscale --weights $weights "small pictures/rgb.png" large.BMP
[ "$(head -c 2 large.BMP)" = BM ] || fail "large.BMP is no BMP"
expect 1 "hint" upscale --weights $weights "small pictures/rgba.png" alpha.jpg

# Tiles, less memory and turned positions; 16 bits; the comparison; two weights mixed.
make_picture picture.png
works upscale --weights $weights picture.png whole.png
works upscale --weights $weights --tile 16 picture.png tiled.png
works upscale --weights $weights --memory 1M picture.png sparing.png
for name in tiled sparing; do
  cmp -s $name.png whole.png || fail "$name.png is not the picture that was made at once"
done
works upscale --weights $weights --ensemble picture.png ensemble.png
[ "$(size ensemble.png)" = "80 94 2" ] || fail "the ensemble gave $(size ensemble.png)"
cmp -s ensemble.png whole.png && fail "--ensemble changed nothing"
works upscale --weights $weights --bits 16 picture.png deep.png
[ "$(od -An -tu1 -j24 -N1 deep.png | tr -d ' ')" = 16 ] || fail "--bits 16 wrote $(od -An -tu1 -j24 -N1 deep.png) bits"
works upscale --weights $weights deep.png deeper.png
[ "$(od -An -tu1 -j24 -N1 deeper.png | tr -d ' ')" = 16 ] || fail "a picture of 16 bits became one of $(od -An -tu1 -j24 -N1 deeper.png)"
expect 1 "cannot hold 16 bits" upscale --weights $weights --bits 16 picture.png deep.jpg
works upscale --weights $weights --compare shown/compared.png picture.png large.png
[ "$(size shown/compared.png | cut -d' ' -f3)" = 2 ] || fail "the comparison is no RGB picture: $(size shown/compared.png)"
works upscale --weights $weights --compare "compared pictures" "small pictures" "large pictures"
[ "$(ls "compared pictures" | wc -l)" = 5 ] || fail "five comparisons should be there: $(ls "compared pictures")"
works upscale --interpolate $weights run/last.safetensors 0 picture.png mixed.png
cmp -s mixed.png whole.png || fail "nothing of the second network should be mixed in"
works upscale --interpolate $weights run/last.safetensors 0.5 picture.png mixed.png
expect 2 "from 0 to 1" upscale --interpolate $weights $weights 1.5 picture.png mixed.png
expect 2 "either --weights" upscale --weights $weights --interpolate $weights $weights 0.5 picture.png mixed.png
expect 2 "--memory takes bytes" upscale --weights $weights --memory lots picture.png large.png

# Broken images fail, each with its name; in a folder, the others are enlarged all the same.
mkdir broken
echo "this is text" >broken/text.png
: >broken/empty.png
head -c 60 "small pictures/rgb.png" >broken/truncated.png
for name in text empty truncated; do
  expect 1 "$name.png" upscale --weights $weights broken/$name.png out.png
  [ -e out.png ] && fail "$name.png left an output behind"
done
cp "small pictures/rgb.png" broken/whole.png
expect 1 "3 of 4" upscale --weights $weights broken repaired
[ "$(ls repaired)" = whole.png ] || fail "of the broken folder this was written: $(ls repaired)"

# What is no picture is named and counted; opaque alpha is no reason to refuse; two of one name are compared apart.
mkdir mixed mixed/further
cp "small pictures/rgb.png" mixed/a.png
cp "small pictures/rgb.png" mixed/a.PNG
echo iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAYAAAC09K7GAAAAKklEQVR42mNgEJH7zwXEIkAsB8QMjECCG4hFgVgeJMAEJHiAWAyIFYAYAGwKDw0C1UanAAAAAElFTkSuQmCC | base64 -d >mixed/opaque.png
for name in ._a.png .DS_Store desktop.ini; do echo hidden >mixed/$name; done
printf 'GIF89a' >mixed/film.gif
expect 0 "left out: 'mixed/film.gif': a GIF image" upscale --weights $weights --compare compared mixed enlarged
grep -q "left out: 'mixed/further': a folder" err.txt || fail "the folder in the folder is not named: $(cat err.txt)"
grep -q "2 entries of 'mixed' were left out" err.txt || fail "what was left out is not counted: $(cat err.txt)"
[ "$(cd compared && echo *)" = "a.PNG.png a.png.png opaque.png" ] || fail "the comparisons are $(ls compared)"
works upscale --weights $weights mixed/opaque.png opaque.jpg
works upscale --weights $weights mixed/opaque.png opaque.bmp
works upscale --weights $weights mixed/opaque.png opaque.png
[ "$(size opaque.png)" = "8 6 6" ] || fail "the opaque alpha of a PNG became $(size opaque.png)"

# A JPEG of low quality: its blocks are told of where it is enlarged, and those of a good one are not.
works upscale --weights $weights --jpeg-quality 20 mixed/opaque.png blocks.jpg
works upscale --weights $weights blocks.jpg large.png
grep -q "'blocks.jpg': a JPEG of quality about 20, whose blocks are enlarged too; crisp upscale --scale 1" err.txt || fail "not told of blocks: $(cat err.txt)"
works upscale --weights $weights opaque.jpg large.png
grep -q "blocks" err.txt && fail "told of the blocks of a good JPEG: $(cat err.txt)"

# Where writing fails half-way, an older file stays as it was.
cp "small pictures/rgb.png" kept.bmp
(trap '' XFSZ; ulimit -f 1; "$crisp" upscale --weights $weights "small pictures/rgb.png" kept.bmp >out.txt 2>err.txt)
[ $? = 1 ] || fail "a full disk should end with status 1"
grep -q "kept.bmp" err.txt || fail "a full disk: $(cat err.txt)"
cmp -s kept.bmp "small pictures/rgb.png" || fail "a failed write changed the older file"
expect 1 "cannot be made" upscale --weights $weights "small pictures" kept.bmp/large

# Weights that are none, or not whole.
head -c 2000 $weights >half.safetensors
expect 1 "half.safetensors" upscale --weights half.safetensors "small pictures/rgb.png" out.png
printf '\377\377\377\377\377\377\377\177{}' >hostile.safetensors
expect 1 "hostile.safetensors" upscale --weights hostile.safetensors "small pictures/rgb.png" out.png
[ -e out.png ] && fail "bad weights left an output behind"
finish

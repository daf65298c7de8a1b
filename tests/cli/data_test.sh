#!/bin/sh
# crisp data, and trainings from caches: what is damaged or there twice is found; the same weights from memory and from a cache, whatever
# happens to that.
. "$(dirname "$0")/common.sh"
XDG_CACHE_HOME=$work/xdg
export XDG_CACHE_HOME
make_picture pictures/colour.png
make_picture pictures/second.png
make_pictures more
make_picture more/other.png

# What folders hold.
works data check pictures
shows "2 pictures, 0.0 megapixels; from 47 x 40 to 47 x 40 (heights and widths); RGB, 8 bits: 2"
shows "twice: pictures/colour.png and pictures/second.png, equal to the bit"
shows "2 pictures are in order"
echo text >more/notes.txt
expect 1 "of 8 pictures 0 are damaged, 2 lie in two folders, and 0 pairs do not fit" data check pictures more --quiet
shows "in two folders: pictures/colour.png and more/other.png, equal to the bit"
grep -q "left out: 'more/notes.txt'" err.txt || fail "what is no picture is not told: $(cat err.txt)"
head -c 100 more/other.png >more/cut.png
expect 1 "1 are damaged" data check more
shows "damaged: load_image: 'more/cut.png' is truncated"
rm more/cut.png more/notes.txt
mkdir lr
for file in pictures/*.png; do cp "$file" lr/; done
expect 1 "2 pairs do not fit" data check --hr pictures --lr lr --scale 2
shows "unequal pair: pictures/colour.png has 47 x 40 pixels, lr/colour.png 47 x 40; x2 was expected"
expect 2 "need --scale N" data check --hr pictures --lr lr
expect 2 "check: give folders" data check
expect 2 "prepare: give folders" data prepare
expect 2 "missing" data check missing
expect 2 "give the picture to write" data show --train pictures --scale 2
expect 2 "not in {check,prepare,show}" data look pictures

# Patches as the network gets them: 8 of 33 x 33, in 4 columns and 2 rows of pairs.
works data show --scale 2 --train pictures --patches 8 sheet.png
shows "8 patches of 2 images, each input above its target: sheet.png"
[ "$(size sheet.png)" = "140 140 0" ] || fail "the sheet: $(size sheet.png)"

# The same weights from a cache; it is made once, and again where it was damaged or a picture was changed.
options="--model srcnn --scale 3 --train pictures --batch 2 --patch 21 --steps 6 --seed 7 --quiet"
cached="$options --data-memory 1 --cache caches"
works train $options --out memory
same() { cmp -s memory/last.safetensors "$1/last.safetensors" || fail "$1: other weights"; }
cache() { echo caches/pictures-*.pictures; }
works train $cached --out first
[ -s err.txt ] && fail "a new cache: $(cat err.txt)"
same first
[ "$(ls caches | wc -l)" = 1 ] || fail "caches: $(ls caches)"
before=$(stat -c %i "$(cache)")
works train $cached --out second
same second
[ "$(stat -c %i "$(cache)")" = "$before" ] || fail "the cache was made twice"
truncate -s -5 "$(cache)"
expect 0 "is cut short: 1 of 2 pictures are decoded again" train $cached --out third
same third
printf '\377' | dd of="$(cache)" bs=1 seek=3000 conv=notrunc 2>/dev/null
expect 0 "is read from its file; the next run makes the cache anew" train $cached --out fourth
same fourth
works train $cached --out fifth
[ -s err.txt ] && fail "a cache that was made anew: $(cat err.txt)"
same fifth
touch pictures/second.png
expect 0 "is older than the pictures: 1 of 2" train $cached --out sixth
same sixth
works data prepare pictures --cache caches
shows "pictures  *2 pictures"
: >file
expect 2 "--cache 'file' is not a folder" train $options --cache file --out none
expect 2 "--data-memory" train $options --data-memory much --out none

# A disk without room: slower, and the same.
rm -r caches
(trap '' XFSZ; ulimit -f 8; "$crisp" data prepare pictures --cache caches >out.txt 2>err.txt)
grep -q "cannot be written (File too large, after 0 MB): pictures are decoded at each use" err.txt || fail "a full disk: $(cat err.txt)"
works train $cached --out seventh
same seventh

# Validation on some of the pictures, and on all at the end.
works train $(echo "$options" | sed 's/--quiet//') --valid pictures --valid-limit 1 --out limited
shows "2 images, of pictures; 1 of them during the training"
shows "on all 2 images: PSNR"
[ -e "$XDG_CACHE_HOME" ] && fail "a small set made a cache: $(find "$XDG_CACHE_HOME")"
finish

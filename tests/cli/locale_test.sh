#!/bin/sh
# Under a locale with a decimal comma the program reads and writes the same.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png
localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" >/dev/null 2>&1 || echo "skipped in part: localedef makes no German locale here"
german="env LOCPATH=$work LC_ALL=de_DE.UTF-8"

# twice NAME FILE ARGUMENTS...: crisp prints and writes the same in both.
twice() {
  name=$1 file=$2
  shift 2
  works "$@"
  mv out.txt point.txt
  [ -z "$file" ] || mv "$file" point.file
  $german "$crisp" "$@" >out.txt 2>err.txt || fail "crisp $*, in German: exit status $?: $(cat err.txt)"
  cmp -s out.txt point.txt || fail "$name prints otherwise in German: $(diff out.txt point.txt)"
  [ -z "$file" ] || cmp -s "$file" point.file || fail "$name writes another $file in German"
}
options="train --model edsr-baseline --scale 2 --set features=16 blocks=1 residual_scale=0.1 --train synthetic --steps 3 --batch 2 --lr 1.5e-3 --ema 0.5 --clip-grad 0.25 --degrade noise:2.5"
works $options --out point --quiet
$german "$crisp" $options --out comma --quiet >out.txt 2>err.txt || fail "training in German: $(cat err.txt)"
cmp -s point/last.safetensors comma/last.safetensors || fail "a training in German gives other weights"
works $options --out comma --resume
cut -d, -f1,4- point/metrics.csv >point.csv
cut -d, -f1,4- comma/metrics.csv | cmp -s - point.csv || fail "metrics.csv in German: $(cat comma/metrics.csv)"
twice info "" info point/last.safetensors
twice "info --json" "" info --json point/last.safetensors
twice upscale large.png upscale --weights point/last.safetensors --memory 1.5M pictures/one.png large.png
twice "evaluate --csv" table.csv evaluate --data pictures --method bicubic --scale 2 --csv table.csv
twice "evaluate --json" table.json evaluate --data pictures --weights point/last.safetensors --degrade blur:1.6 --json table.json
twice "export" model.onnx export --weights point/last.safetensors model.onnx
twice "export --interpolate" mixed.safetensors export --interpolate point/last.safetensors point/best.safetensors 0.25 mixed.safetensors
expect 2 "--lr '0,5' is neither" $options --lr 0,5 --out none
finish

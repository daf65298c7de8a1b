#!/bin/sh
# few.sh PROGRAM: crisp_few, which examples/quickstart.sh builds first, trains and enlarges, and says what it was built without.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png

works train --model srcnn --scale 2 --train synthetic --steps 2 --batch 2 --out run
works upscale --weights run/last.safetensors pictures/one.png large.png
works evaluate --weights run/last.safetensors --data pictures
works info run/last.safetensors
for command in data export forward look mos serve table; do
  expect 1 "crisp $command: this program was built without it, for examples/quickstart.sh" $command
done
expect 1 "crisp train --model anr: this program was built without it" train --model anr --scale 2 --train synthetic --out anr
expect 1 "crisp train --model srgan: this program was built without it" train --model srgan --scale 4 --train synthetic --steps 2 --out srgan
finish

#!/bin/sh
# Every wrong use of the program ends with status 2 and one line that says what is wrong.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png
echo "no weights" >weights.safetensors
mkdir empty

expect 2 "give a command"
expect 2 "nosuch" nosuch
expect 2 "--nosuch" info --nosuch
expect 2 "either" info
expect 2 "--models goes alone" info --models --json
expect 2 "either" info weights.safetensors --model srcnn --scale 3
expect 2 "srgan9000" info --model srgan9000 --scale 3
expect 2 "9-7-5" info --model srcnn --variant 9-7-5 --scale 3
expect 2 "--scale" info --model srcnn --scale 0
expect 2 "--scale" info --model srcnn --scale three
expect 2 "missing.safetensors" info missing.safetensors
expect 2 "empty" info empty

expect 2 "--data" evaluate --method bicubic --scale 3
expect 2 "give --weights FILE or --method" evaluate --data pictures --scale 3
expect 2 "lanczos" evaluate --data pictures --scale 3 --method lanczos
expect 2 "--scale" evaluate --data pictures --method bicubic
expect 2 "missing" evaluate --data missing --scale 3 --method bicubic
expect 2 "empty" evaluate --data empty --scale 3 --method bicubic
expect 2 "one.png" evaluate --data pictures/one.png --scale 3 --method bicubic
expect 2 "--protocol" evaluate --data pictures --scale 3 --method bicubic --protocol rgb
expect 2 "missing.safetensors" evaluate --data pictures --scale 3 --weights missing.safetensors
expect 2 "--threads" evaluate --data pictures --scale 3 --method bicubic --threads 0
expect 2 "empty" evaluate --data pictures --scale 3 --method bicubic --json empty
expect 2 "overwritten" evaluate --data pictures --scale 3 --method bicubic --save pictures

expect 2 "--weights" upscale pictures/one.png large.png
expect 2 "--half goes" export --model srcnn --scale 2 --half srcnn.onnx
expect 2 "OUTPUT" upscale --weights weights.safetensors pictures/one.png
expect 2 "missing.png" upscale --weights weights.safetensors missing.png large.png
expect 2 "missing.safetensors" upscale --weights missing.safetensors pictures/one.png large.png
expect 2 "large.gif" upscale --weights weights.safetensors pictures/one.png large.gif
expect 2 "overwritten" upscale --weights weights.safetensors pictures/one.png pictures/../pictures/one.png
expect 2 "overwritten" upscale --weights weights.safetensors pictures pictures
expect 2 "--jpeg-quality" upscale --weights weights.safetensors --jpeg-quality 101 pictures/one.png large.jpg
expect 2 "must be a file" upscale --weights weights.safetensors pictures/one.png empty
expect 2 "there are no images" upscale --weights weights.safetensors empty large

train="train --model srcnn --scale 3 --train synthetic"
expect 2 "--out" $train --steps 1
expect 2 "--train" train --model srcnn --scale 3 --steps 1 --out run
expect 2 "--scale" train --model srcnn --train synthetic --steps 1 --out run
expect 2 "nosuchnet" train --model nosuchnet --scale 3 --train synthetic --steps 1 --out run
expect 2 "missing" train --model srcnn --scale 3 --train missing --steps 1 --out run
expect 2 "empty" train --model srcnn --scale 3 --train empty --steps 1 --out run
expect 2 "missing" $train --valid missing --steps 1 --out run
expect 2 "--steps" $train --steps 0 --out run
expect 2 "--steps" $train --steps -5 --out run
expect 2 "--steps" $train --steps ten --out run
expect 2 "--minutes" $train --steps 1 --minutes 1 --out run
expect 2 "--minutes" $train --minutes -1 --out run
expect 2 "--lr" $train --steps 1 --lr 0 --out run
expect 2 "--lr" $train --steps 1 --lr nan --out run
expect 2 "--batch" $train --steps 1 --batch 0 --out run
expect 2 "--patch" $train --steps 1 --patch 9 --out run
expect 2 "--seed" $train --steps 1 --seed -1 --out run
expect 2 "--optimizer" $train --steps 1 --optimizer lion --out run
expect 2 "--schedule" $train --steps 1 --schedule zigzag --out run
expect 2 "weights.safetensors" $train --steps 1 --out weights.safetensors
expect 2 "--resume" $train --steps 1 --out run --resume
[ -e run ] && fail "a wrong use left the folder run behind"

expect 1 "weights.safetensors" info weights.safetensors
expect 1 "weights.safetensors" upscale --weights weights.safetensors pictures/one.png large.png
[ -e large.png ] && fail "a failed job left large.png behind"
finish

#!/bin/sh
# Training: its files; the same weights whatever the loader threads, and after kill -9 or Ctrl-C and --resume; its failures.
. "$(dirname "$0")/common.sh"
make_picture pictures/colour.png
make_picture more/other.png
steps=120
options="--model srcnn --scale 3 --train pictures --train more --valid more --batch 2 --patch 21 --steps $steps --validate-every 15 --seed 7"

works train $options --out whole
shows "8129 parameters"
shows "2 images"
shows "report.html"
for file in best.safetensors last.safetensors state.safetensors metrics.csv report.html; do
  [ -s whole/$file ] || fail "the training left no $file"
done
[ "$(head -1 whole/metrics.csv | cut -d, -f1)" = step ] || fail "metrics.csv begins with $(head -1 whole/metrics.csv)"
grep -q "^$steps," whole/metrics.csv || fail "metrics.csv lacks the last step: $(cat whole/metrics.csv)"
grep -Eq '(src|href)="?(https?:)?//' whole/report.html && fail "report.html reads something from the network"
expect 2 "--resume" train $options --out whole

same() { cmp -s whole/last.safetensors "$1/last.safetensors" || fail "$2: other weights"; }
works train $options --out threads --loader-threads 3 --threads 1
same threads "three loader threads and one computing thread"

# Stopped by kill -9 three times, each after another state was saved, and ended by a resumed training.
begin="" kills=0
: >killed.txt
for seen in 1 2 3; do
  "$crisp" train $options --out killed $begin >>killed.txt 2>&1 &
  job=$!
  while [ "$(grep -c '^step' killed.txt)" -lt $seen ] && kill -0 $job 2>/dev/null; do sleep 0.02; done
  sleep 0.0$((seen * 3))
  kill -9 $job 2>/dev/null  # it also answers 0 for a process that has ended by itself
  wait $job 2>/dev/null
  [ $? = 137 ] && kills=$((kills + 1))
  [ -e killed/state.safetensors ] && begin=--resume
done
rm -f killed/*.part
[ $kills -gt 0 ] || fail "the training was over before it could be killed"
works train $options --out killed --resume
same killed "stopped by kill -9 and resumed"
echo "kill -9 struck $kills times: $(tr '\n' ' ' <killed.txt | grep -o 'step [0-9]*: val' | tr '\n' ' ')"

# Ctrl-C saves the state and ends well.
long=$(echo "$options" | sed 's/--steps [0-9]*/--steps 1000000/; s/--validate-every [0-9]*/--validate-every 20/')
: >stopped.txt
"$crisp" train $long --out stopped >>stopped.txt 2>&1 &
job=$!
while ! grep -q '^step' stopped.txt && kill -0 $job 2>/dev/null; do sleep 0.02; done
while [ ! -s stopped/state.safetensors ] && kill -0 $job 2>/dev/null; do sleep 0.02; done
expect 1 "another training writes into 'stopped' (process $job)" train $long --out stopped --resume
kill -INT $job
wait $job || fail "Ctrl-C ended with status $?: $(cat stopped.txt)"
grep -q "stopped at step" stopped.txt || fail "after Ctrl-C: $(cat stopped.txt)"
[ -s stopped/state.safetensors ] || fail "Ctrl-C saved no state"
expect 1 "setting 'lr'" train $long --lr 0.5 --out stopped --resume

# Pairs as image sets name them; what is no picture is named.
mkdir hr lr
works upscale --weights stopped/best.safetensors --quiet pictures hr
for file in pictures/*.png; do
  name=$(basename "$file" .png)
  cp "$file" "lr/${name}x3.png"
done
cp "$file" lr/another.png
echo text >hr/notes.txt
pairs="--model espcn --scale 3 --hr hr --lr lr --patch 8 --steps 1 --batch 1"
expect 0 "left out: 'hr/notes.txt': not an image" train $pairs --out pairs
cp "$file" "lr/${name}x3.PNG"
expect 2 "keep one of them" train $pairs --out other
rm lr/"$name"x3.*
expect 2 "has no picture that belongs to '$name.png'" train $pairs --out other

# A training that is finished: what can be done with it is said. Another length is another training.
works train $options --out killed --resume
shows "finished before.*--init killed/last.safetensors"
same killed "resumed when it was finished"
expect 1 "setting 'steps'.*now" train $(echo "$options" | sed "s/--steps $steps/--steps 999/") --out killed --resume
grep -q -- "--init" err.txt || fail "other steps: no way to go on is named: $(cat err.txt)"
works train $options --out further --init killed/last.safetensors --quiet

# A rate for one layer, and weights drawn around 0: conv3 stays where its rate is 0, and the state knows both.
rates="--model srcnn --scale 2 --train pictures --valid pictures --steps 2 --batch 1 --patch 20 --normal-init 0.001 --seed 5"
works train $rates --layer-lr conv3.=0 --optimizer sgd --out still
shows "sgd, learning rate .*, 0 for conv3., "
works train $rates --layer-lr conv3.=0 --out other
works train $rates --out moved
for run in still other moved; do works look $run/last.safetensors $run.png --layer conv3; done
cmp -s still.png other.png || fail "conv3 has a rate of 0, and moved"
cmp -s still.png moved.png && fail "conv3 has the rate of all, and did not move"
expect 1 "setting 'layer_lr'" train $rates --layer-lr conv3.=1e-3 --optimizer sgd --out still --resume
expect 1 "setting 'normal_init'" train $(echo "$rates" | sed 's/0.001/0.002/') --layer-lr conv3.=0 --optimizer sgd --out still --resume
expect 2 "no parameter begins with 'conv4.'; they are called conv1.weight to conv3.bias" train $rates --layer-lr conv4.=1e-5 --out none
expect 2 "a number of 0 or more, such as conv3.=1e-5" train $rates --layer-lr conv3.=fast --out none
expect 2 "exclude each other" train $rates --init other/last.safetensors --out none
expect 2 "trains two against each other" train --model srgan --scale 4 --train pictures --steps 2 --patch 8 --layer-lr conv=1e-5 --out none
expect 2 "is learnt from examples in one go" train --model anr --scale 2 --train pictures --layer-lr conv3.=1e-5 --out none

# Other options; synthetic pictures; a picture that is too small.
works train --model srcnn --variant 9-3-5 --scale 2 --train pictures --train more --valid pictures --epochs 2 --batch 2 --patch 20 --loss l1 \
  --optimizer sgd --lr 1e-4 --schedule constant --clip-grad 1 --quiet --watch --out folders
grep -Eq '^1,conv1,[0-9.e-]+,[0-9.]+$' folders/layers.csv || fail "--watch: $(cat folders/layers.csv)"
grep -q "Dead units of each layer" folders/report.html || fail "the report does not show the layers"
grep -q "The worst places" folders/report.html || fail "the report does not show the worst places"
works info folders/last.safetensors
shows "24513"
works train --model srcnn --scale 4 --train synthetic --steps 2 --batch 2 --out synthetic
shows "60 images"
shows "4 images, synthetic, held out"
make_pictures small
small="--model srcnn --scale 2 --train small --steps 1"
expect 1 "'gray.png' in small has 7 x 5 pixels, but a patch needs 34 x 34" train $small --out none
expect 0 "5 of 6 pictures are smaller than a patch and left out, such as 'gray.png' in small with 7 x 5 pixels" train $small --train pictures --out some
shows "1 images"

# A loss that is not a number: the step and the place are named. Folders that cannot be written.
expect 1 "not finite" train $options --lr 1e30 --out diverged
grep -q "at step [0-9]" err.txt || fail "the step is not named: $(cat err.txt)"
: >file
expect 1 "file/run" train $options --out file/run
(trap '' XFSZ; ulimit -f 16; "$crisp" train $options --out full >out.txt 2>err.txt)
[ $? = 1 ] || fail "a full disk should end with status 1"
grep -q "File too large" err.txt || fail "a full disk: $(cat err.txt)"
finish

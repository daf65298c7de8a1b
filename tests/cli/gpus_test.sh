#!/bin/sh
# Training on several GPUs, a process each: the weights that one process on one GPU finds; a process that is lost, and one that fails.
# Skipped (77) where the program does not see two GPUs, or was built without MPI.
. "$(dirname "$0")/parallel.sh"
works info --devices
[ "$(grep -c '^cuda  .* GB, compute' out.txt)" -ge 2 ] || { echo "skipped: there are no two GPUs here"; exit 77; }
PMI_SIZE=2 "$crisp" train --model srcnn --scale 2 --train synthetic --steps 1 --out none >out.txt 2>err.txt
grep -q "built without MPI" err.txt && { echo "skipped: this crisp was built without MPI"; exit 77; }
command -v mpirun >/dev/null || { echo "skipped: there is no mpirun"; exit 77; }

# Batch normalisation takes its statistics over both GPUs.
make_picture pictures/colour.png
options="--device cuda --model srcnn-bn --optimizer sgd --scale 2 --train pictures --valid pictures --patch 12 --batch 4 --seed 7 --steps 6"
works train $options --out one
together 2 $options --out two || fail "two GPUs: status $?; $(cat err.txt)"
near two/last.safetensors one/last.safetensors 1e-5
together 2 $options --out again || fail "two GPUs again: status $?; $(cat err.txt)"
cmp -s two/last.safetensors again/last.safetensors || fail "two GPUs give other weights the second time"

# A process is lost: status, sentence, a state from which one GPU goes on.
steps=3000
[ -z "${CRISP_EMULATED_GPUS:-}" ] || steps=80
long=$(echo "$options" | sed "s/--steps 6/--steps $steps --validate-every 5/")
works train $long --out one_long
lose lost
near lost/last.safetensors one_long/last.safetensors 1e-4

# What fails, or does not fit, is said once.
expect_together 1 "not finite" 2 $options --lr 1e30 --out none
if [ -n "${CRISP_EMULATED_GPUS:-}" ]; then
  CRISP_EMULATED_GPUS=1
  export CRISP_EMULATED_GPUS
  expect_together 1 "train: the processes 0 and 1 (from 0) of 2 have the same GPU" 2 $options --out shared
fi
finish

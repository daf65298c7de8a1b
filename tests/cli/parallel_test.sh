#!/bin/sh
# Training on several processes that mpirun starts: the weights that one process finds, whatever the network does across its batch; a
# process that is lost, and one that fails; what does not fit. Skipped (77) where the program was built without MPI.
. "$(dirname "$0")/parallel.sh"
expect_started() { PMI_SIZE=2 expect "$1" "mpirun started 2 processes" train --model srcnn --scale 2 --train synthetic --steps 1 --out none; }
PMI_SIZE=2 "$crisp" train --model srcnn --scale 2 --train synthetic --steps 1 --out none >out.txt 2>err.txt
if grep -q "built without MPI" err.txt; then
  expect_started 2
  [ "$failures" = 0 ] || exit 1
  echo "skipped: this crisp was built without MPI; mpirun is refused"
  exit 77
fi
command -v mpirun >/dev/null || { echo "skipped: there is no mpirun"; exit 77; }

make_picture pictures/colour.png
options="--model srcnn --scale 3 --train pictures --valid pictures --patch 21 --batch 4 --seed 7 --steps 50"
works train $options --out one
together 2 $options --out two || fail "two processes: status $?; $(cat err.txt)"
shows "batches of 4 shared by 2 processes"
near two/last.safetensors one/last.safetensors 1e-6
[ "$(grep -c '^done' out.txt)" = 1 ] || fail "more than one process printed: $(cat out.txt)"
together 2 $options --out again || fail "two processes again: status $?; $(cat err.txt)"
cmp -s two/last.safetensors again/last.safetensors || fail "two processes give other weights the second time"
curve() { cut -d, -f1,5 "$1/metrics.csv" | awk -F, '{ if (NR > 1) printf "%d %.5f\n", $1, $2 }'; }
[ "$(curve one)" = "$(curve two)" ] || fail "other losses: $(curve one) and $(curve two)"

# Batch normalisation (by SGD: Adam makes the rounding of a gradient that is zero large), random paths, averaged weights, accumulated and
# clipped gradients: as one process does.
other="--scale 2 --train pictures --valid pictures --batch 4 --seed 7 --steps 6"
for network in "--model srcnn-bn --patch 12 --optimizer sgd" "--model swinir-light --set embed=12 --set depths=2 --set heads=2 --set drop_path=0.5 --patch 16 --optimizer sgd --lr 0.01 --ema 0.5 --accumulate 2 --clip-grad 0.1"; do
  rm -rf one_other two_other
  works train $network $other --out one_other
  together 2 $network $other --out two_other || fail "$network: status $?; $(cat err.txt)"
  near two_other/last.safetensors one_other/last.safetensors 1e-5
done

# Trainings that go on by other processes than they began with; by SGD, for the same reason.
long=$(echo "$options --optimizer sgd" | sed 's/--steps 50/--steps 400 --validate-every 20/')
works train $long --out one_long

# A process is lost: status, sentence, a state from which one process goes on.
lose lost
near lost/last.safetensors one_long/last.safetensors 1e-5

# The same where the first is at a long step meanwhile, and mpirun can be told to leave it alone.
if mpirun --with-ft ulfm -np 1 true 2>/dev/null; then
  launcher="--with-ft ulfm"
  begin spared
  kill -STOP "$(cat rank0)" && kill -9 "$(cat rank1)" || fail "the training was over before a process could be killed"
  sleep 2
  kill -CONT "$(cat rank0)" || fail "mpirun has ended the first process"
  lost spared "process 1 (from 0) of 2 was lost"
  near spared/last.safetensors one_long/last.safetensors 1e-5
  launcher=
fi

# mpirun ends the job, as when a process of another machine is lost, and one does not come.
begin ended
kill -STOP "$(cat rank1)" && kill -TERM "$(cat rank0)" || fail "the training was over before it could be ended"
lost ended "mpirun ended the job, and a process did not come to the end of the step"
near ended/last.safetensors one_long/last.safetensors 1e-5

# The first process is lost: the checkpoint of the last validation is there.
begin headless
kill -9 "$(cat rank0)" || fail "the training was over before its first process could be killed"
wait $job && fail "the first process lost: status 0"
works train $long --out headless --resume
near headless/last.safetensors one_long/last.safetensors 1e-5

# One process is asked to stop: all do, and the training goes on, on another number of processes.
begin stopped
kill -INT "$(cat rank1)" || fail "the training was over before it could be stopped"
wait $job || fail "a process that is asked to stop: status $?; $(cat err.txt)"
grep -q "stopped at step" out.txt || fail "a process that is asked to stop: $(cat out.txt)"
together 4 $long --out stopped --resume || fail "resumed by four: status $?; $(cat err.txt)"
near stopped/last.safetensors one_long/last.safetensors 1e-5

# What does not fit is said once, and ends all.
expect_together 2 "batch 4 cannot be shared equally by 3 processes; give --batch 3 or 6" 3 $options --out none
expect_together 2 "holds a training already" 2 $options --out two
expect_together 1 "the loss is" 2 $options --lr 1e30 --out none
expect_started 1
finish

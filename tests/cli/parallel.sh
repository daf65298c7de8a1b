# What the tests of a training on several processes share. Not a test by itself.
. "$(dirname "$0")/common.sh"

# As root, as in a container; on fewer processors than processes; without ssh; the messages by the common memory alone. Open MPI 5 reads what
# begins with PRTE.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_plm_rsh_agent=sh
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"  # MPI itself never frees some of its memory

# together COUNT ARGUMENTS...: trains on so many processes, with the mpirun options in $launcher; rankN holds the number of process N.
launcher=
together() {
  count=$1
  shift
  mpirun $launcher -np "$count" sh -c 'echo $$ >"rank$OMPI_COMM_WORLD_RANK"; exec "$@"' sh "$crisp" train "$@" >out.txt 2>err.txt
}

# numbers FILE: the numbers of a safetensors file, in its order.
numbers() { od -An -v -tf4 -w4 -j $((8 + $(od -An -tu8 -N8 "$1"))) "$1"; }

# near FILE FILE BOUND: the largest difference, relative to the largest number.
near() {
  numbers "$1" >a.txt
  numbers "$2" >b.txt
  paste a.txt b.txt | awk -v bound="$3" -v what="$1 and $2" '
    { d = $1 - $2; if (d < 0) d = -d; b = $2 < 0 ? -$2 : $2; if (d > far) far = d; if (b > most) most = b }
    END { printf "%s: %d numbers, relative difference %.2g\n", what, NR, far / most; exit !(NR > 100 && far <= bound * most) }' ||
    fail "$1 and $2 differ"
}

# begin FOLDER: a training of two by the options in $long, in the background, as $job, that has validated already.
begin() {
  : >out.txt
  together 2 $long --out "$1" &
  job=$!
  while ! grep -q validation out.txt && kill -0 $job 2>/dev/null; do sleep 0.02; done
}

# lost FOLDER PATTERN: such a training ends as a process was lost: its status, its sentence, and a state from which one process goes on to the end.
lost() {
  wait $job && [ -z "$launcher" ] && fail "a lost process: status 0"  # --with-ft ulfm gives 0 where only the first was left
  grep -q "crisp: train: $2" err.txt || fail "a lost process: $(cat err.txt)"
  grep -q "the training is saved up to step [0-9]*; go on with it by --resume" err.txt || fail "a lost process, and no state: $(cat err.txt)"
  works train $long --out "$1" --resume
}

# lose FOLDER: such a training whose second process is killed.
lose() {
  begin "$1"
  kill -9 "$(cat rank1)" || fail "the training was over before a process could be killed"
  lost "$1" "process 1 (from 0) of 2 was lost"
}

# expect_together STATUS PATTERN COUNT ARGUMENTS...: they end with this status, and say this once.
expect_together() {
  status=$1 pattern=$2
  shift 2
  together "$@" && fail "$*: status 0"
  got=$?
  [ "$got" = "$status" ] || fail "$*: exit status $got, not $status"
  grep -q -- "$pattern" err.txt || fail "$*: standard error lacks '$pattern': $(cat err.txt)"
  [ "$(grep -c -- "$pattern" err.txt)" = 1 ] || fail "$*: said more than once: $(cat err.txt)"
}

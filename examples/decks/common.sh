# What the decks share: their options, the programs, the pictures. A deck says in $named which options with a value it
# has, and sources this file, which reads the arguments; it is no program by itself.
export LC_ALL=C  # numbers with a point
deck=$(basename "$0" .sh)
root=$(cd "$(dirname "$0")/../.." && pwd)
usage() { sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0"; }
refuse() { echo "$deck: $*" >&2; exit 2; }

quick= data= out= build= hr= lr= vgg=
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --quick) quick=yes ;;
    *)
      case " $named " in *" $1 "*) ;; *) refuse "there is no option $1; --help shows those that there are" ;; esac
      [ $# -ge 2 ] || refuse "$1 needs a value; --help shows which"
      declare "${1#--}=$2"
      shift ;;
  esac
  shift
done

# The programs: of the build that --build names, else of a preset.
if [ -z "$build" ]; then
  build=$root/build/release
  for preset in dev tests; do [ -x "$build/crisp" ] || [ ! -x "$root/build/$preset/crisp" ] || build=$root/build/$preset; done
fi
[ -x "$build/crisp" ] || refuse "there is no program '$build/crisp'; build it by cmake --preset release &&" \
  "cmake --build --preset release --target crisp_program practical leaves, or give --build DIR"
crisp() { "$build/crisp" "$@"; }
example() {  # example NAME ARGUMENTS...: a program of this folder; tests/run.sh joins them to one
  local name=$1
  shift
  if [ -x "$build/examples/$name" ]; then "$build/examples/$name" "$@"
  elif [ -x "$build/examples/joined_examples" ]; then "$build/examples/joined_examples" "$name" "$@"
  else refuse "there is no program '$build/examples/$name'; build it by cmake --build --preset release --target $name"
  fi
}

# The folder of the results: a new one.
if [ -n "$out" ]; then
  [ ! -e "$out" ] || [ -z "$(ls -A "$out" 2>/dev/null || echo file)" ] || refuse "--out '$out' is not empty; give a new folder"
else
  out=$root/build/decks/$deck
  n=2
  while [ -e "$out" ]; do out=$root/build/decks/$deck-$n n=$((n + 1)); done  # earlier results are kept
fi

# find_pictures: $train and $test become T-91 and Set5, or where they are not at hand synthetic pictures.
find_pictures() {
  local given=$data
  data=${data:-$root/../shared/data}
  train=$data/T91/HR test=$data/Set5/HR
  if [ ! -d "$train" ] || [ ! -d "$test" ]; then
    [ -z "$given" ] || refuse "--data '$given' does not hold the folders T91/HR and Set5/HR"
    echo "No photographs are at hand: synthetic pictures take their place, and the figures are not those of the deck."
    echo "For the deck's own give --data DIR, a folder with T91/HR and Set5/HR."
    train=$out/synthetic/T91 test=$out/synthetic/Set5
    example leaves "$train" 40 160 200 0
    example leaves "$test" 3 192 192 1000
  fi
}

# step TEXT: what comes now.
step() { printf '\n%s\n' "$*"; }

#!/usr/bin/env bash
# decks_test.sh PROJECT BUILD arguments|quick: examples/decks, away from the project's data.
#   arguments   the help of each deck, and each wrong use: one sentence and exit status 2
#   quick       each deck with --quick on synthetic pictures: its comparison, its files
set -u
project=$(cd "${1:?usage: decks_test.sh PROJECT BUILD arguments|quick}" && pwd)
build=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/course/examples"
cp -r "$project/examples/decks" "$work/course/examples"
cd "$work/course" || exit 1
failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
decks="practical lecture competition review srgan"

# refuses SENTENCE DECK ARGUMENTS...
refuses() {
  sentence=$1 deck=$2
  shift 2
  examples/decks/"$deck".sh "$@" >out.txt 2>err.txt
  status=$?
  [ $status = 2 ] || fail "$deck $*: exit status $status"
  grep -qF -- "$sentence" err.txt || fail "$deck $*: standard error lacks '$sentence': $(cat err.txt)"
  [ "$(wc -l <err.txt)" = 1 ] || fail "$deck $*: standard error is not one line: $(cat err.txt)"
}

if [ "$3" = arguments ]; then
  for deck in $decks; do
    examples/decks/$deck.sh --help >out.txt || fail "$deck --help failed"
    grep -q "usage: $deck.sh \[--quick\]" out.txt || fail "$deck --help does not say how it is used: $(cat out.txt)"
    grep -q "$deck.sh" examples/decks/README.md || fail "README.md does not name $deck.sh"
    refuses "$deck: there is no option --qiuck; --help shows those that there are" $deck --qiuck
    refuses "$deck: --out needs a value" $deck --out
    refuses "$deck: there is no program '$work/course/build/release/crisp'; build it by" $deck
    refuses "$deck: there is no program 'none/crisp'; build it by" $deck --build none
    refuses "$deck: --out 'examples' is not empty; give a new folder" $deck --build "$build" --out examples
  done
  for deck in practical lecture review srgan; do
    refuses "--data 'examples' does not hold the folders T91/HR and Set5/HR" $deck --build "$build" --data examples
  done
  refuses "there is no option --data" competition --data examples
  refuses "--hr DIR needs --lr DIR" competition --build "$build" --hr examples
  refuses "there is no folder 'none'" competition --build "$build" --hr none --lr examples
  refuses "--vgg 'none' does not exist" srgan --build "$build" --vgg none
else
  for deck in $decks; do
    examples/decks/$deck.sh --quick --build "$build" --out "$deck" >"$deck.txt" 2>"$deck.err" || fail "$deck: exit status $?: $(tail -5 "$deck.txt" "$deck.err")"
    grep -q "^What differs, and why\." "$deck.txt" || fail "$deck does not say what differs"
  done
  # shows DECK PATTERN; has FILE...
  shows() { grep -qE -- "$2" "$1.txt" || fail "$1 does not show '$2': $(tail -30 "$1.txt")"; }
  has() { for file in "$@"; do [ -s "$file" ] || fail "there is no $file"; done; }
  number='-?[0-9]+\.[0-9]+'
  shows practical "^Epoch: 2 Loss = 0\.[0-9]{6}$"
  shows practical "^\| loss of epoch 1 \| 0\.0541 \| $number \|"
  shows practical "bicubic, SRCNN \| 30\.43, 31\.13 dB \(\+0\.70\) \| $number, $number dB \([+]?$number\) \|"
  has practical/srcnn.safetensors practical/001.png
  for network in "SRCNN with batch norm:20,483" "SRResNet \(lite\):39,875" "SRResNet:449,731" "SRAutoencoder:1,848,067"; do
    shows lecture "^\| ${network%:*} \| ${network#*:} \| ${network#*:} \| 0\.7 to 1\.2 dB \| [0-9]+\.[0-9]+ dB \|"
  done
  shows lecture "^\| bicubic \| Set5 \| x2 \| none \| $number \| $number \| $number \| $number \|"
  shows competition "^\| split: train, validate \| 0\.8: 1312, 328 \| 0\.8: 4, 1 \|"
  shows competition "^\| the hybrid \| .*: 84113547 parameters \| .*: [0-9]+ parameters \|"
  shows competition "^\| held-out pairs \| not given \| $number dB, bicubic $number dB"
  has competition/tiles.png competition/whole.png
  shows review "^\| Set5 \| x3 \| ms-ssim-97 \| $number \(0\.9754\) \|$"
  shows review "^\| SRCNN 9-1-5 learnt from T-91 \| 32\.39 dB \| $number dB \|"
  shows review "0\.0001 for conv3\."
  has review/filters.png review/filters_conv1.png review/filters_conv3.png
  shows srgan "^\| first phase: squared error \| .* \| 4 steps, rate 0\.0001 \|"
  shows srgan "^\| the game \| .* \| 4 steps, rate 0\.0001 to 1e-05 \|"
  shows srgan "^\| after the game \| .* \| $number dB \|"
  has srgan/pictures/srresnet/001.png srgan/pictures/game/001.png
fi
[ "$failures" = 0 ] || exit 1
echo passed

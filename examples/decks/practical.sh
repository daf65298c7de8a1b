#!/usr/bin/env bash
# The practical: SRCNN x4 learnt from T-91 in patches of 32 x 32 for 15 epochs, the loss of each epoch, and the
# pictures of Set5 beside bicubic.
#
# usage: practical.sh [--quick] [--data DIR] [--out DIR] [--build DIR]
#   --quick       two epochs instead of 15
#   --data DIR    a folder with T91/HR and Set5/HR (default: ../shared/data beside the repository)
#   --out DIR     a new folder for the results (default: build/decks/practical)
#   --build DIR   the build folder with the programs (default: build/release)
set -euo pipefail
named="--data --out --build"
. "$(dirname "$0")/common.sh"
find_pictures
mkdir -p "$out"
epochs=15
[ -z "$quick" ] || epochs=2

step "Training: SRCNN 9-1-5 in a loop of its own (practical.cpp)"
example practical "$train" "$test" "$out" $epochs | tee "$out/log.txt"

step "The deck's values beside those of this run"
awk -v epochs=$epochs '
  /^Epoch: / { loss[$2] = $5 }
  /^picture / { if (!name || $2 == "baby") { name = $2; from = $5; to = $7 } bicubic += $10; srcnn += $12; ++n }
  END {
    print "| | deck | here |\n|---|---|---|"
    printf "| loss of epoch 1 | 0.0541 | %.4f |\n", loss[1]
    printf "| loss of epoch 15 | 0.0037 | %s |\n", epochs == 15 ? sprintf("%.4f", loss[15]) : "not reached: --quick"
    printf "| %s on RGB: bicubic, SRCNN | 30.43, 31.13 dB (+0.70) | %.2f, %.2f dB (%+.2f) |\n", name, from, to, to - from
    printf "| mean on luma, as papers print: bicubic, SRCNN | not given | %.2f, %.2f dB (%+.2f) |\n", bicubic / n, srcnn / n, (srcnn - bicubic) / n
  }' "$out/log.txt" | tee "$out/table.md"
cat <<TEXT

What differs, and why. The deck does not name its picture: of Set5 only baby has 30.43 dB by MATLAB's bicubic, on RGB
with nothing shaved off; so it is scored here. On luma, as papers do it, the same picture has 31.78 dB. The loss depends
on how the weights begin, on the batch and on the rate, which the deck does not give: here PyTorch's beginning,
16 patches and Adam 1e-3. The pictures lie in $out, each as original, bicubic, SRCNN.
TEXT

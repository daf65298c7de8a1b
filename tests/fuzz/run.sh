#!/bin/sh
# run.sh PROJECT RUNS FOLDER [PICTURE READER LIBRARY...]: the fuzzers (libFuzzer, with the address and undefined-behaviour sanitizers), RUNS
# executions each, in FOLDER, where what they find stays for the next time. The libraries are those that CMake found: JPEG, TIFF, WEBP.
# Seeds are the files in FOLDER/seeds/{image,weights}, if there are any. No execution may take 10 s (on a busy machine), or ask for more than 128 MB at once.
set -eu
project=$(cd "$1" && pwd) runs=$2
mkdir -p "$3/seeds/image" "$3/seeds/weights" "$3/corpus/image" "$3/corpus/weights"
cd "$3"
shift 3
probe='extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
if ! echo "$probe" | clang++ -x c++ -fsanitize=fuzzer,address,undefined -o probe - 2>/dev/null; then
  echo "skipped: there is no clang++ with libFuzzer"
  exit 77
fi
/usr/bin/python3 "$project/tests/interop/pictures.py" --files seeds/image || echo "without Pillow the pictures are made from nothing"
libraries="-lpng -lz -lzip" defines=
for name in "$@"; do
  defines="$defines -DCRISP_WITH_LIB$name"
  libraries="$libraries -l$(echo "$name" | tr A-Z a-z)"
done
for what in image weights; do
  # shellcheck disable=SC2086
  clang++ -std=c++20 -O1 -g1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all "-fsanitize-ignorelist=$project/tests/fuzz/stb.ignore" \
    -I"$project/include" -isystem /usr/include/eigen3 -isystem /usr/include/stb $defines "$project/tests/fuzz/${what}_fuzz.cpp" -o "$what" $libraries
  ./$what -max_len=4096 -timeout=10 -seed=1 -malloc_limit_mb=128 -rss_limit_mb=2048 -runs="$runs" -print_final_stats=1 "corpus/$what" "seeds/$what" >"$what.log" 2>&1 || {
    tail -40 "$what.log"
    exit 1
  }
  grep -E "^Done|stat::(number_of_executed|slowest|peak_rss)" "$what.log" | sed "s/^/$what: /"
done

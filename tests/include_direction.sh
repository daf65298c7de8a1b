#!/bin/sh
# Checks that the headers below $1 include each other in one direction only, and each heavy library in one place.
set -u
root=${1:?usage: include_direction.sh INCLUDE_FOLDER}
bad=$(mktemp)
trap 'rm -f "$bad"' EXIT

allowed() {  # the folders that a folder may include
  case $1 in
    core) echo "core" ;;
    backend) echo "backend core" ;;
    autograd) echo "autograd core" ;;
    ops) echo "ops autograd core" ;;
    nn) echo "nn ops autograd core" ;;
    models) echo "models nn ops autograd core" ;;
    optim) echo "optim nn ops autograd core" ;;
    data) echo "data core" ;;
    metrics) echo "metrics data core" ;;
    testing) echo "testing ops autograd core" ;;
    infer) echo "infer models metrics data nn ops autograd core" ;;
    train) echo "train infer models optim metrics data nn ops autograd core" ;;
    *) echo "none" ;;
  esac
}

for folder in "$root"/crisp/*/; do
  name=$(basename "$folder")
  for header in $(find "$folder" -name '*.hpp' -o -name '*.cuh'); do
    for target in $(sed -n 's|^ *# *include "crisp/\([a-z]*\)/.*|\1|p' "$header"); do
      case " $(allowed "$name") " in
        *" $target "*) ;;
        *) echo "$header includes crisp/$target, and crisp/$name may not" >>"$bad" ;;
      esac
    done
  done
done

only() {  # the one header that may include a library
  grep -rlE "^ *# *include *[<\"]$1" "$root/crisp" | grep -v "/crisp/$2\$" | while read -r file; do echo "$file includes $1; only crisp/$2 may" >>"$bad"; done
}
only Eigen/ backend/cpu.hpp
only stb_ data/image_io.hpp
only nlohmann/ train/safetensors.hpp

[ -s "$bad" ] || { echo "includes run one way"; exit 0; }
cat "$bad"
exit 1

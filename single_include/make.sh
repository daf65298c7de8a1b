#!/bin/sh
# Writes crisp.hpp: all of crisp that a CPU and the headers of stb and Eigen suffice for, in one file.
#   usage: single_include/make.sh [FILE]      (without FILE: crisp.hpp beside this script)
# A program then needs no folder of crisp's: g++ -std=c++20 -O3 -march=native -I single_include my.cpp. Not in it: CUDA, several processes,
# ONNX, PyTorch's zip files, and the libraries for JPEG, TIFF and WebP.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/single_include/crisp.hpp}
cd "$root/include"
version=$(awk '/define CRISP_VERSION_(MAJOR|MINOR|PATCH)/ { v = v (v == "" ? "" : ".") $3 } END { print v }' crisp/version.hpp)
files="crisp/crisp.hpp crisp/eigen.hpp $(ls crisp/core/*.hpp crisp/autograd/*.hpp crisp/ops/*.hpp crisp/nn/*.hpp crisp/optim/*.hpp crisp/models/*.hpp \
  crisp/testing/*.hpp crisp/metrics/*.hpp)"

# Each file once, where it is first asked for. One that is asked for within #if is asked for again elsewhere, so it has a guard.
awk -v files="$files" -v version="$version" '
  function left_out(path) { return path ~ /\.cuh$/ || path ~ /formats\/(libjpeg|tiff|webp)/ }
  function add(path, guarded,    line, depth, name) {
    if (path in whole) return
    if (!guarded) whole[path] = 1
    name = "CRISP_SINGLE_" path
    gsub(/[^A-Za-z0-9_]/, "_", name)
    print "#ifndef " name "\n#define " name "  // " path
    depth = 0
    while ((getline line < path) > 0) {
      if (line ~ /^ *# *if/) ++depth
      if (line ~ /^ *# *endif/) --depth
      if (line ~ /^ *# *pragma once/) continue
      if (match(line, /^ *# *include "crisp\/[^"]*"/)) {
        sub(/^[^"]*"/, "", line)
        sub(/".*/, "", line)
        if (left_out(line)) print "#error \"crisp: " line " is not in the single header; use the folder include/\""
        else add(line, guarded || depth > 0)
      } else print line
    }
    close(path)
    print "#endif  // " path
  }
  BEGIN {
    print "// crisp " version " in one file, made by single_include/make.sh. Each part begins with the path that it has in include/."
    print "#pragma once"
    n = split(files, all, " ")
    for (i = 1; i <= n; ++i) add(all[i], 0)
  }' </dev/null >"$out.part"
mv "$out.part" "$out"
echo "$out: $(wc -l <"$out") lines, $(wc -c <"$out") bytes"

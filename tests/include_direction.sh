#!/bin/sh
# include_direction.sh FOLDER [--expect N]: checks that the headers below FOLDER include each other in one direction only,
# and each heavy library in one place; with --expect, that exactly N includes are found to be wrong.
set -u
root=${1:?usage: include_direction.sh FOLDER [--expect N]}
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT

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
    classic) echo "classic data core eigen.hpp" ;;
    metrics) echo "metrics data core" ;;
    testing) echo "testing ops autograd core" ;;
    infer) echo "infer classic models metrics data nn ops autograd core" ;;
    io) echo "io nn ops autograd core" ;;
    distributed) echo "distributed nn ops autograd backend core" ;;
    report) echo "report data core" ;;
    zoo) echo "zoo classic io models data nn ops autograd core" ;;
    train) echo "train report distributed io optim data nn ops autograd core" ;;
    *) echo "none" ;;
  esac
}

for folder in "$root"/crisp/*/; do
  name=$(basename "$folder")
  for header in $(find "$folder" -name '*.hpp' -o -name '*.cuh'); do
    for target in $(sed -nE 's,^ *# *include *["<](crisp/|\.\./)([^">]*).*,\2,p' "$header"); do
      case $target in fwd.hpp | version.hpp) continue ;; esac
      case " $(allowed "$name") " in
        *" ${target%%/*} "*) ;;
        *) echo "$header includes crisp/$target, and crisp/$name may not" >>"$wrong" ;;
      esac
    done
  done
done

only() {  # only LIBRARY HEADER: the one header that may include a library
  grep -rlE "^ *# *include *[<\"]$1" "$root/crisp" | grep -v "/crisp/$2\$" | sed "s,\$, includes $1; only crisp/$2 may," >>"$wrong"
}
only cuda_runtime backend/cuda/runtime.cuh
only cublas backend/cuda/runtime.cuh
only emulation/cuda backend/cuda/runtime.cuh
only emulation/nccl distributed/nccl_ranks.cuh
only nccl.h distributed/nccl_ranks.cuh
only unsupported/ metrics/fourier.hpp
only stb_ data/stb.hpp
only_these() {  # the same for several headers, as one expression
  grep -rlE "^ *# *include *[<\"]$1" "$root/crisp" | grep -vE "/crisp/($2)\$" | sed "s,\$, includes $1; only crisp/($2) may," >>"$wrong"
}
only_these Eigen/ "backend/cpu/eigen.hpp|classic/pca.hpp"
only_these png.h "data/formats/png_file.hpp|data/formats/libpng.hpp"
only zlib.h data/formats/colour_chunks.hpp
only jpeglib.h data/formats/libjpeg.hpp
only webp/ data/formats/webp.hpp
only tiffio.h data/formats/tiff.hpp
only zip.h io/pth.hpp
only onnx/ io/onnx_graph.hpp
only mpi.h distributed/mpi_ranks.hpp
only nlohmann/ none

cat "$wrong"
found=$(wc -l <"$wrong")
echo "$found wrong includes"
[ "$found" -eq "${3:-0}" ]

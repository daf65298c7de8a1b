#!/usr/bin/env bash
# Installs what crisp needs from the system's packages, where it is missing.  usage: third_party/install.sh GROUP...
#   build   compiler, CMake and the libraries that crisp's headers and its program use
#   tests   what the tests need besides
#   bench   what the benchmarks need besides
#   docs    what docs/build.sh needs
set -euo pipefail
packages=()
for group in "$@"; do
  case $group in
    build) packages+=(g++ make cmake libeigen3-dev libstb-dev nlohmann-json3-dev libcli11-dev libpng-dev libjpeg-dev libtiff-dev libwebp-dev libzip-dev libonnx-dev libprotobuf-dev libcpp-httplib-dev pkg-config) ;;
    tests) packages+=(doctest-dev curl libopenmpi-dev openmpi-bin clang-format python3-pil) ;;
    bench) packages+=(libbenchmark-dev) ;;
    docs) packages+=(doxygen cmark-gfm python3 python3-pygments) ;;
    *) sed -n '2,6s/^# //p' "$0"; exit 2 ;;
  esac
done

case ${CXX:-} in *clang++*) packages+=("$(basename "$CXX" | sed 's/++//')") ;; esac  # clang++-19 comes with clang-19

missing=()
for package in "${packages[@]}"; do
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  fi
done
if ! command -v apt-get >/dev/null; then
  echo "This is not Debian or Ubuntu: please install what corresponds to: ${packages[*]}"
  exit 0
fi
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get "$@"; }
install() { apt update && apt install -y --no-install-recommends "${missing[@]}"; }
waits=60  # a new machine often updates itself: apt-get is asked again every five seconds, for five minutes
until install >"$log" 2>&1; do
  if grep -qs 'Could not get lock' "$log" && [ $waits -gt 0 ]; then
    [ $waits -lt 60 ] || echo "Another program is installing packages. Waiting for it, at most 5 minutes."
    waits=$((waits - 1))
    sleep 5
    continue
  fi
  tail -20 "$log" >&2
  echo "The packages could not be installed: ${missing[*]}" >&2
  exit 1
done

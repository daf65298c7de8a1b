#!/bin/sh
# Stands before a compiler: the source is checked, and its object is empty, which takes two thirds of the time.
"$@" -fsyntax-only || exit 1
while [ $# -gt 1 ]; do
  [ "$1" != -o ] || : >"$2"
  shift
done

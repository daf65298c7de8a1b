#!/usr/bin/env bash
# Makes the documentation as a site: the chapters of docs/, an API reference of include/, and a search. It is
# read without a network.
# usage: docs/build.sh [--no-install] [FOLDER]
#   FOLDER         where to (build/site); open its index.html
#   --no-install   do not install what is missing (third_party/install.sh docs)
set -euo pipefail
usage() { sed -n '2,6s/^# //p' "$0"; }
project=$(cd "$(dirname "$0")/.." && pwd)
folder=$project/build/site install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --no-install) install=no ;;
    -*) echo "docs/build.sh: there is no option $1" >&2; usage >&2; exit 2 ;;
    *) folder=$1 ;;
  esac
  shift
done
if [ -e "$folder" ] && [ ! -e "$folder/search_index.js" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "docs/build.sh: '$folder' holds something else than a site; give a new folder" >&2
  exit 2
fi

[ "$install" = no ] || "$project/third_party/install.sh" docs
python=
for candidate in python3 /usr/bin/python3; do  # the system's has the system's Pygments
  if [ -z "$python" ] && "$candidate" -c 'import pygments' 2>/dev/null; then python=$candidate; fi
done
missing=
command -v doxygen >/dev/null || missing+=" doxygen"
command -v cmark-gfm >/dev/null || missing+=" cmark-gfm"
[ -n "$python" ] || missing+=" python3-pygments"
if [ -n "$missing" ]; then
  echo "docs/build.sh: this is missing:$missing; ./third_party/install.sh docs installs it" >&2
  exit 1
fi

mkdir -p "$(dirname "$folder")"
rm -rf "$folder.part"
mkdir "$folder.part"
trap 'rm -rf "$folder.part"' EXIT
"$python" -B "$project/docs/site/make_site.py" "$project" "$folder.part"
"$python" -B "$project/docs/site/check_links.py" "$folder.part"
rm -rf "$folder"
mv "$folder.part" "$folder"
echo "$folder/index.html"

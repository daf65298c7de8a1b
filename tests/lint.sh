#!/bin/sh
# lint.sh PROJECT [FILE...]: the looks of the C++ files below include/, examples/, tests/ and bench/, or of FILE...:
#   - no line is wider than 110 columns;
#   - no ?: stands within another;
#   - nothing below include/ or in the program reads or writes numbers by functions that follow the locale: core/text.hpp does it;
#   - clang-format 14, with the project's .clang-format, would change nothing. Another version lays out some lines in
#     another way, so that without version 14 this part is left out, and says so.
# CLANG_FORMAT names the program, where it is not clang-format-14 or clang-format.
set -u
cd "${1:?usage: lint.sh PROJECT [FILE...]}" || exit 2
shift
[ $# -gt 0 ] || set -- $(find include examples tests bench -name '*.hpp' -o -name '*.cuh' -o -name '*.cpp')
findings=$(mktemp)
trap 'rm -f "$findings" "$findings.all"' EXIT

LC_ALL=C.UTF-8 grep -nHE '^.{111,}' "$@" | sed -E 's/^([^:]*:[0-9]+):.*/\1: wider than 110 columns/' >>"$findings"

of_locale='(^|[^A-Za-z_])(strto(d|f|ld)|sto(d|f|ld)|ato[fi]|s?n?printf|[sf]?scanf) ?\('
for file in "$@"; do
  case $file in
    include/* | examples/crisp/*) grep -nHE "$of_locale" "$file" ;;
  esac
done | sed -E 's/^([^:]*:[0-9]+):.*/\1: a number that follows the locale; use core\/text.hpp/' >>"$findings"

# Inside each pair of brackets: whether a ? stands before in the same expression.
awk '
  FNR == 1 { depth = 0; open[0] = 0 }
  {
    line = $0
    gsub(/\\./, "", line); gsub(/"[^"]*"/, "", line); gsub(/\047[^\047]*\047/, "", line); sub(/\/\/.*/, "", line)
    while (gsub(/<[^<>()?;{}]*>/, "", line)) {}  # the commas of template arguments
    n = length(line)
    for (i = 1; i <= n; ++i) {
      c = substr(line, i, 1)
      if (c == "(" || c == "[") { open[depth + 1] = open[depth]; ++depth }
      else if (c == "{") { ++depth; open[depth] = 0 }
      else if (c == ")" || c == "]" || c == "}") { if (depth > 0) --depth; if (c == "}") open[depth] = 0 }
      else if (c == "," || c == ";") open[depth] = 0
      else if (c == "?") {
        if (open[depth]) print FILENAME ":" FNR ": a ?: within another"
        open[depth] = 1
      }
    }
  }' "$@" | sort -u >>"$findings"

format=${CLANG_FORMAT:-$(command -v clang-format-14 || command -v clang-format || true)}
version=$("${format:-false}" --version 2>/dev/null | sed -nE 's/.*version ([0-9]+).*/\1/p')
if [ "$version" = 14 ]; then
  cat "$@" >"$findings.all"
  "$format" "$@" | cmp -s "$findings.all" - || for file in "$@"; do  # one call for all is soon done; which file, only if needed
    line=$("$format" "$file" | diff "$file" - | sed -nE '1s/^([0-9]+).*/\1/p')
    [ -z "$line" ] || echo "$file:$line: not as clang-format lays it out"
  done >>"$findings"
else
  echo "the layout was not checked: that needs clang-format 14; here is ${version:+version }${version:-none}"
fi

cat "$findings"
count=$(wc -l <"$findings")
echo "$# files, $count findings"
[ "$count" -eq 0 ]

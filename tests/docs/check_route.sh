#!/bin/sh
# check_route.sh PROJECT [--update]: the rows "| `FILE` | LINES | `FROM` | `TO` | ..." of docs/13_reading_crisp.md name the
# lines of FILE from the first that holds FROM to the next that holds TO (or is it), and together at most 1,500. --update
# writes LINES anew.
set -u
cd "${1:?usage: check_route.sh PROJECT [--update]}" || exit 1
page=docs/13_reading_crisp.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
awk -F ' *[|] *' '
  function code(cell) { gsub(/^`|`$/, "", cell); return cell }
  /^\| `include|^\| `examples/ {
    file = code($2); from = code($4); to = code($5); first = last = n = 0
    while ((getline line < file) > 0) {
      ++n
      if (!first && index(line, from)) first = n
      if (first && !last && n >= first && (n > first || from == to) && index(line, to)) last = n
    }
    close(file)
    if (!last) { print FILENAME ":" FNR ": " file " has no lines from \"" from "\" to \"" to "\"" > "/dev/stderr"; failed = 1 }
    total += last - first + 1
    sub(/\| [0-9]+ to [0-9]+ \|/, "| " first " to " last " |")
  }
  { print }
  END {
    print total " lines on the route" > "/dev/stderr"
    if (total > 1500) { print "that is more than 1,500" > "/dev/stderr"; failed = 1 }
    exit failed
  }
' "$page" >"$new" || exit 1
cmp -s "$page" "$new" && exit 0
[ "${2:-}" = --update ] && { cat "$new" >"$page"; exit 0; }
diff "$page" "$new"
echo "the lines have moved: sh tests/docs/check_route.sh . --update"
exit 1

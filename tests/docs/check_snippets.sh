#!/bin/sh
# check_snippets.sh PROJECT [--update]: each ```cpp block of README.md and docs/*.md stands behind a line
# "<!-- snippet: FILE#NAME -->", and equals the lines between "// [snippet:NAME]" and "// [/snippet]" of FILE, which the
# build compiles. --update writes the blocks anew.
set -u
cd "${1:?usage: check_snippets.sh PROJECT [--update]}" || exit 1
bad=0
for doc in README.md docs/*.md; do
  new=$(mktemp)
  awk '
    function cut(file, name,   line, inside, text, indent, found) {
      while ((getline line < file) > 0) {
        if (line ~ "^ *// \\[snippet:" name "\\]$") { inside = 1; found = 1; match(line, /^ */); indent = RLENGTH; continue }
        if (inside && line ~ /^ *\/\/ \[\/snippet\]$/) break
        if (inside) text = text (substr(line, 1, indent) ~ /^ *$/ ? substr(line, indent + 1) : line) "\n"
      }
      close(file)
      if (!found) { print FILENAME ": there is no snippet " name " in " file > "/dev/stderr"; failed = 1 }
      return text
    }
    /^<!-- snippet: [^ ]+#[^ ]+ -->$/ { split($3, part, "#"); pending = 1; print; next }
    /^```cpp$/ {
      if (!pending) { print FILENAME ":" NR ": a block of code that no file stands behind" > "/dev/stderr"; failed = 1; print; next }
      print; printf "%s", cut(part[1], part[2]); pending = 0; skipping = 1; next
    }
    /^```$/ { skipping = 0 }
    !skipping { print }
    END { exit failed }
  ' "$doc" >"$new" || bad=1
  if ! cmp -s "$doc" "$new"; then
    if [ "${2:-}" = --update ]; then cat "$new" >"$doc"; else diff "$doc" "$new" | head -20; echo "$doc differs from the files (see --update)"; bad=1; fi
  fi
  rm -f "$new"
done
[ "$bad" -eq 0 ] && echo "the documents show what the files hold"
exit "$bad"

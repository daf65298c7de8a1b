#!/bin/sh
# site_test.sh PROJECT: docs/build.sh makes the site; its code is that of the documents; each public function
# has a comment; and the checks find what is planted. Status 77: the site's programs are missing.
set -u
project=$(cd "${1:?usage: site_test.sh PROJECT}" && pwd) || exit 1
python=
for candidate in python3 /usr/bin/python3; do
  [ -n "$python" ] || ! "$candidate" -c 'import pygments' 2>/dev/null || python=$candidate
done
if [ -z "$python" ] || ! command -v doxygen >/dev/null || ! command -v cmark-gfm >/dev/null; then
  echo "skipped: the site needs doxygen, cmark-gfm and python3-pygments (third_party/install.sh docs)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# The site.
"$project/docs/build.sh" --no-install "$work/site" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for page in index.html docs/03_write_an_op.html docs/figures.html api/index.html api/ops/conv2d_hpp.html \
  source/include/crisp/ops/conv2d.hpp.html search_index.js style.css site.js docs/images/srcnn_x3.png; do
  [ -s "$work/site/$page" ] || fail "there is no $page"
done
grep -q 'Throws Error where the shapes' "$work/site/api/ops/conv2d_hpp.html" || fail "conv2d's errors"
grep -q '^\["conv2d",$' "$work/site/search_index.js" || fail "the search has no conv2d"
grep -q 'rel="prev"' "$work/site/docs/03_write_an_op.html" || fail "no link to the chapter before"
"$python" -B - "$project" "$work/site" <<'END' || fail "code of a chapter differs from its document"
import html, pathlib, re, sys
project, site = map(pathlib.Path, sys.argv[1:])
count = 0
for document in [project / "README.md", *sorted(project.glob("docs/*.md"))]:
    name = "index.html" if document.name == "README.md" else f"docs/{document.stem}.html"
    blocks = re.findall(r"<pre><code>(.*?)</code></pre>", (site / name).read_text(), flags=re.S)
    shown = {html.unescape(re.sub("<[^>]*>", "", block)) for block in blocks}
    for code in re.findall(r"^```cpp\n(.*?)^```$", document.read_text(), flags=re.S | re.M):
        count += 1
        if code not in shown:
            sys.exit(f"{document}: not on its page:\n{code}")
print(count, "blocks of code are those of the documents")
sys.exit(count < 20)
END

# Broken links of each kind are found: in a page, and in a document.
cat >>"$work/site/docs/figures.html" <<'END'
<a href="none.html">x</a> <img src="../images/none.png">
<a href="#none">x</a> <a href="../index.html#none">x</a>
<script src="https://example.org/x.js"></script> <link rel="stylesheet" href="//example.org/x.css">
<a href="https://example.org">x</a>
<p id="planted"></p><p id="planted"></p>
END
site=$project/docs/site
"$python" -B "$site/check_links.py" "$work/site" >"$work/log" && fail "broken links of a page were not found"
for sentence in 'no such file: none.html' 'no such file: ../images/none.png' 'no such address: #none' \
  'no such address: ../index.html#none' 'from the network: https://example.org/x.js' \
  'from the network: //example.org/x.css' '#planted is there 2 times' '^7 broken links'; do
  grep -q "$sentence" "$work/log" || { cat "$work/log"; fail "not said: $sentence"; }
done
for part in "$project"/*; do
  case $part in */build | */out) ;; *) cp -r "$part" "$work/" ;; esac
done
printf '\n[one](07_models.md#none) [two](none.md) ![three](images/none.png)\n' >>"$work/docs/figures.md"
"$work/docs/build.sh" --no-install "$work/broken" >"$work/log" 2>&1 && fail "broken links became a site"
grep -q "^3 broken links" "$work/log" || { cat "$work/log"; fail "not three broken links"; }
[ ! -e "$work/broken" ] || fail "a site with broken links was left"

# Each public function has a comment; one without is found. What is no site is not overwritten.
"$python" -B "$site/undocumented.py" "$project" || fail "functions without a comment"
sed -i '/^\/\/\/ x of any shape/d' "$work/include/crisp/ops/relu.hpp"
"$python" -B "$site/undocumented.py" "$work" >"$work/log" && fail "a missing comment was not found"
grep -q 'ops/relu.hpp:[0-9]*: crisp::relu$' "$work/log" || { cat "$work/log"; fail "not said of relu"; }
"$project/docs/build.sh" --no-install "$work/docs" 2>"$work/log" && fail "another folder was overwritten"
[ "$failures" -eq 0 ] && echo "the site is whole"
exit "$failures"

#!/bin/sh
# The page on which results are rated blind: ratings kept and gone on with, means and intervals, files that are damaged or foreign.
. "$(dirname "$0")/web.sh"
make_pictures set/secretone
make_pictures set/secrettwo
rm set/secret*/pixel.png set/secret*/gray_alpha.png set/secret*/gray.png  # rgb and rgba stay

# Means and 95 % intervals, against values computed by hand: secretone 4 5 3 4: mean 4, s = sqrt(2/3), t(3) = 3.18245, half 1.2992;
# secrettwo 2 and 3 (the 1 was corrected to 3): mean 2.5, s = sqrt(1/2), t(1) = 12.7062, half 6.3531; third: one rating.
cat >hand.csv <<'END_OF_FILE'
time,rater,method,picture,rating
2024-05-01T12:00:00Z,Anna,secretone,a,4
2024-05-01T12:00:01Z,Anna,secretone,b,5
2024-05-01T12:00:02Z,Bo,secretone,a,3
2024-05-01T12:00:03Z,Bo,secretone,b,4
2024-05-01T12:00:04Z,Anna,secrettwo,a,2
2024-05-01T12:00:05Z,Bo,secrettwo,a,1
2024-05-01T12:00:06Z,Bo,secrettwo,a,3
2024-05-01T12:00:07Z,"Cy, ""the third""",third,a,1
END_OF_FILE
works mos --results hand.csv
shows "secretone *4.000  2.701 .. 5.299 *4$"
shows "secrettwo *2.500  -3.853 .. 8.853 *2$"
shows "third *1.000  - *1$"
shows "raters: 3, pictures: 2"

works mos --help
shows "Example: crisp mos"

# What cannot begin: each in one line that says what to do.
expect 2 "give folders" mos
expect 2 "--patience" mos set/secretone --patience never
expect 2 "give folders" mos set/secretone --results hand.csv
expect 2 "missing" mos set/secretone missing
expect 2 "missing.csv" mos --results missing.csv
cp -r set/secrettwo set/lacks
mv set/lacks/rgb.png set/lacks/other.png
expect 2 "'set/lacks' lacks rgb; 'set/secretone' lacks other; add what is missing" mos set/secretone set/lacks
cp -r set/secrettwo set/sizes
cp set/sizes/rgba.png set/sizes/rgb.png
expect 2 "must be of one size" mos set/secretone set/sizes
mkdir again
cp -r set/secretone again
expect 2 "rename one" mos set/secretone again/secretone
echo "name;value" >foreign.csv
expect 1 "is no file of ratings" mos --results foreign.csv
expect 1 "is no file of ratings" mos set/secretone --port 0 --out foreign.csv
head -c -3 hand.csv >cut.csv
expect 1 "line 9 of 'cut.csv' is damaged" mos --results cut.csv
sed 's/,5$/,6/' hand.csv >six.csv
expect 1 "line 3 of 'six.csv' is damaged" mos --results six.csv
expect 1 "belongs to another study" mos set/secretone set/secrettwo --port 0 --out hand.csv
[ "$(cat foreign.csv)" = "name;value" ] || fail "the foreign file was changed"

# Rating. Everything that the browser is sent before the results is gathered, and names no method.
export TMPDIR="$work/missing"  # pictures are made without temporary files
serve() { begin mos set/secretone set/secrettwo --port 0 --seed 5 --out "my ratings.csv"; }
post() {
  answers 200 '"picture"' -H "Content-Type: application/json" -d "$2" "$url/api/$1"
  cat answer >>told
}
next() { sed -n 's/.*"picture":"\([0-9a-f]*\)".*/\1/p' answer; }
rate() { post ratings "{\"rater\":\"$1\",\"picture\":\"$(next)\",\"rating\":$2}"; }
: >told
serve
answers 200 "<title>" -D headers "$url/"
cat answer headers >>told
post session '{"rater":"Anna"}'
grep -q '"rated":0,"total":4' answer || fail "the beginning: $(cat answer)"
picture=$(next)
curl -s -D headers -o shown.png "$url/pictures/$picture.png"
cat headers shown.png >>told
[ "$(head -c 4 shown.png | tail -c 3)" = PNG ] || fail "the picture is no PNG"
rate Anna 5
grep -q '"rated":1,"total":4' answer || fail "after one: $(cat answer)"
rate Anna 4
grep -aq -e secret -e rgb told && fail "the browser is told the method or the file name"
[ "$(wc -l <"my ratings.csv")" = 3 ] || fail "two ratings should be in the file: $(cat "my ratings.csv")"
answers 409 "has its rating already" -d "{\"rater\":\"Anna\",\"picture\":\"$picture\",\"rating\":1}" "$url/api/ratings"
answers 400 "from 1 (bad) to 5" -d "{\"rater\":\"Anna\",\"picture\":\"$(post session '{"rater":"Anna"}' && next)\",\"rating\":6}" "$url/api/ratings"
answers 404 "no such picture" -d '{"rater":"Anna","picture":"../set","rating":3}' "$url/api/ratings"
answers 400 "JSON" -d 'rater' "$url/api/ratings"
answers 400 "a name has at most" -d '{"rater":"=1+1"}' "$url/api/session"
answers 403 "another site" -H "Origin: http://evil.example" -d '{"rater":"Anna"}' "$url/api/session"
answers 403 "another site" -H "Sec-Fetch-Site: cross-site" -d '{"rater":"Anna"}' "$url/api/session"
answers 403 "not under another name" -H "Host: evil.example" "$url/api/results"
answers 404 "no such page" --path-as-is "$url/pictures/../set/secretone/rgb.png"
answers 200 '"rater":"rater-[0-9a-f]*"' -d '{"rater":""}' "$url/api/session"

# Ended (by force: nothing is lost) and begun again, the rater goes on.
kill -9 "$server"
wait "$server" 2>/dev/null
serve
post session '{"rater":"Anna"}'
grep -q '"rated":2,"total":4' answer || fail "after the new start: $(cat answer)"
rate Anna 3
rate Anna 2
grep -q '"rated":4,"total":4,"picture":null' answer || answers 200 '"picture":null' -d '{"rater":"Anna"}' "$url/api/session"
answers 200 '"ratings":2' "$url/api/results"
[ "$(cut -d, -f 3,4 "my ratings.csv" | sort -u | wc -l)" = 5 ] || fail "not each picture was rated once: $(cat "my ratings.csv")"
end_cleanly
grep -q "secretone .* 2$" server.txt || fail "the end shows no means: $(cat server.txt)"
works mos --results "my ratings.csv"
shows "raters: 1, pictures: 2"

# The same seed and rater: the same order. The originals are one more method.
begin mos set/secretone set/secrettwo --port 0 --seed 5 --out second.csv
post session '{"rater":"Anna"}'
for rating in 1 2 3 4; do rate Anna $rating; done
end_cleanly
[ "$(cut -d, -f 3,4 second.csv)" = "$(cut -d, -f 3,4 "my ratings.csv")" ] || fail "the order depends on more than seed and rater: $(cat second.csv)"
begin mos set/secretone --original set/secrettwo --port 0 --out third.csv
post session '{"rater":"Anna"}'
for rating in 1 2 3 4; do rate Anna $rating; done
end_cleanly
[ "$(grep -c ',original,' third.csv)" = 2 ] || fail "the originals were not rated: $(cat third.csv)"
finish

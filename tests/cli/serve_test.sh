#!/bin/sh
# The page that enlarges pictures: from the upload to the result, everything that can be sent wrongly, cancelling, and the end.
. "$(dirname "$0")/web.sh"
make_picture one.png
tiny_training run --threads 1
works upscale --weights run/best.safetensors --threads 1 one.png expected.png

works serve --help
shows "Example: crisp serve"

# What cannot begin.
expect 2 "missing.safetensors" serve --weights missing.safetensors
expect 2 "--port" serve --weights run/best.safetensors --port 70000
expect 2 "--max-upload" serve --weights run/best.safetensors --max-upload much
expect 2 "--patience" serve --weights run/best.safetensors --patience 0

mkdir tmp
export TMPDIR="$work/tmp"
begin serve --weights run/best.safetensors --weights run/last.safetensors --threads 1 --port 0 --keep 0.05
expect 2 "port $port cannot be opened: Address already in use" serve --weights run/best.safetensors --port "$port"
jobs="$url/api/jobs"
first="$jobs?model=0&scale=2&name=one.png"

# The page, and what it says of the networks.
answers 200 "<title>" "$url/"
answers 200 '"scales":\[2,3,4\]' "$url/api/info"

# A picture: taken, computed, the same as by crisp upscale.
id_of() { sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' answer; }
done_yet() {
  for try in $(seq 100); do
    answers 200 state "$jobs/$1"
    grep -q '"state":"done"' answer && return
    sleep 0.1
  done
  fail "the job did not end: $(cat answer)"
}
answers 200 '"width":40,"height":47' --data-binary @one.png "$first"
id=$(id_of)
done_yet "$id"
curl -s -o after.png "$jobs/$id/after.png"
cmp -s after.png expected.png || fail "the page's result is not that of crisp upscale"
curl -s -o before.png "$jobs/$id/before.png"
[ "$(size before.png)" = "80 94 2" ] || fail "before.png has $(size before.png)"
answers 200 "dropped" -d "" "$jobs/$id/drop"
answers 404 "no such job" "$jobs/$id"
answers 404 "no such job" "$jobs/$id/after.png"

# A larger one: its progress shows, it is cancelled, and the next is computed soon.
works upscale --weights run/best.safetensors --threads 1 --scale 4 one.png larger.png
works upscale --weights run/best.safetensors --threads 1 --scale 4 larger.png larger.png.png
answers 200 '"width":640,"height":752' --data-binary @larger.png.png "$jobs?model=0&scale=4&name=larger.png"
id=$(id_of)
answers 200 '"id"' --data-binary @one.png "$first"
waiting=$(id_of)
answers 200 '"state":"waiting","ahead":1' "$jobs/$waiting"
for try in $(seq 100); do
  answers 200 waiting "$jobs/$waiting"
  answers 200 '"state":"running"' "$jobs/$id"
  grep -q '"left"' answer && break
  sleep 0.1
done
grep -q '"done":0\.[0-9]*,"left":[0-9]' answer || fail "no progress shows: $(cat answer)"
answers 409 "not done: it is running" "$jobs/$id/after.png"
answers 200 "dropped" -d "" "$jobs/$id/drop"
answers 404 "no such job" "$jobs/$id"
done_yet "$waiting"

# Uploads that are none, each answered in words.
head -c 50000000 /dev/zero >large.bin
echo "this is text" >text.png
head -c 150 one.png >truncated.png
: >empty.png
answers 413 "at most 32 MiB (33554432 bytes)" --data-binary @large.bin "$first"
answers 411 "Content-Length" -H "Transfer-Encoding: chunked" --data-binary @one.png "$first"
answers 400 "'text.png' is a text that begins with 'this is text'" --data-binary @text.png "$jobs?model=0&scale=2&name=text.png"
answers 400 "truncated" --data-binary @truncated.png "$first"
answers 400 "0 bytes" --data-binary @empty.png "$first"
answers 415 "not a form" -F "file=@one.png" "$first"
echo iVBORw0KGgoAAAANSUhEUgAAQAAAABAQCAIAAAAGqWz/AAAAAUlEQVR4duaE5gAAAABJRU5ErkJggg== | base64 -d >bomb.png  # 16384 x 4112 pixels, it says
answers 400 "1 bytes cannot hold 4112 x 16384 pixels" --data-binary @bomb.png "$jobs?model=0&scale=2&name=bomb.png"
{  # a BMP of 8192 x 8192 bits, all of one colour
  printf 'BM\076\0\200\0\0\0\0\0\076\0\0\0\050\0\0\0\0\040\0\0\0\040\0\0\001\0\001\0'
  head -c 32 /dev/zero
  head -c 8388608 /dev/zero
} >wide.bmp
answers 413 "at most 67108864 can be made" --data-binary @wide.bmp "$jobs?model=0&scale=2&name=wide.bmp"
answers 400 "no model number 2" --data-binary @one.png "$jobs?model=2&scale=2"
answers 400 "does not enlarge by 7" --data-binary @one.png "$jobs?model=0&scale=7"
answers 400 "whole number" --data-binary @one.png "$jobs?model=0&scale=two"
answers 400 "lacks 'scale'" --data-binary @one.png "$jobs?model=0"

# Pages of other sites, and addresses that are none.
answers 403 "not under another name" -H "Host: evil.example:$port" "$url/"
answers 403 "not under another name" -H "Host: evil.example" --data-binary @one.png "$first"
answers 403 "another site" -H "Origin: http://evil.example" --data-binary @one.png "$first"
answers 403 "another site" -H "Origin: null" --data-binary @one.png "$first"
for site in cross-site same-site none; do
  answers 403 "another site" -H "Sec-Fetch-Site: $site" --data-binary @one.png "$first"
done
answers 403 "another site" -H "Origin: $url" -H "Sec-Fetch-Site: cross-site" -d "" "$jobs/$id/drop"
answers 403 "another site" -H "Sec-Fetch-Site: same-origin" -H "Sec-Fetch-Site: cross-site" --data-binary @one.png "$first"
answers 200 '"id"' -H "Origin: $url" -H "Sec-Fetch-Site: same-origin" --data-binary @one.png "$first"
answers 200 "<title>" -H "Sec-Fetch-Site: cross-site" "$url/"  # a link that leads here
answers 404 "no such page" --path-as-is "$url/../../../etc/passwd"
answers 404 "no such page" "$url/%2e%2e/%2e%2e/etc/passwd"
answers 404 "no such page" "$jobs/../../etc/passwd"
answers 404 "no such job" "$jobs/00000000000000000000000000000000"
answers 404 "no such page" -d "" "$url/nowhere"
answers 405 "only GET and POST" -X DELETE "$jobs/$id"
answers 414 "too long" "$url/$(printf '%0300d' 0)"
answers 414 "too long" "$url/$(printf '%05000d' 0)"
answers 400 "brings no body" -X GET -d "text" "$url/"

# A connection that is closed in the middle; sixty at once, of which some wait and some are refused.
(printf 'POST /api/jobs?model=0&scale=2 HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Length: 100000\r\n\r\n' "$port"; cat one.png) | curl -s -m 1 "telnet://127.0.0.1:$port" >/dev/null
uploads=
for n in $(seq 60); do
  curl -s -m 60 -o "many$n" --data-binary @one.png "$first" &
  uploads="$uploads $!"
done
wait $uploads
[ "$(cat many* | grep -c -e '"id"' -e 'too many pictures wait')" = 60 ] || fail "sixty uploads were answered: $(cat many*)"
rm many*

# What nobody asks for is forgotten after --keep; the server goes on.
sleep 1
answers 200 '"id"' --data-binary @one.png "$first"
id=$(id_of)
done_yet "$id"
sleep 4
answers 404 "kept too long" "$jobs/$id"
answers 200 '"id"' --data-binary @one.png "$first"
done_yet "$(id_of)"
end_cleanly

# Clients that are slow, silent or hostile, beside which others are answered at once.
begin serve --weights run/best.safetensors --threads 1 --port 0 --patience 1
jobs="$url/api/jobs"
first="$jobs?model=0&scale=2&name=one.png"
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
raw() { curl -s -m 10 "telnet://127.0.0.1:$port"; }  # sends what it reads
upload="POST /api/jobs?model=0&scale=2 HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nContent-Length: 20000000\r\n\r\n"
answers 200 "<title>" "$url/"
before=$(peak)
(printf 'GET / HTTP/1.1\r\nX: '; head -c 100000000 /dev/zero | tr '\0' a) | raw >endless.txt
grep -q "^HTTP/1.1 431 .*" endless.txt && grep -q "too long: at most 65536 bytes" endless.txt || fail "an endless header line: $(cat endless.txt)"
(printf 'GET /'; head -c 100000000 /dev/zero | tr '\0' a) | raw >endless.txt
grep -q "the address is too long" endless.txt || fail "an endless first line: $(cat endless.txt)"
(printf 'GET / HTTP/1.1\r\n'; yes a: | head -c 100000000) | raw >endless.txt
grep -q "more than 100 lines" endless.txt || fail "endless header lines: $(cat endless.txt)"
[ $(($(peak) - before)) -lt 10000 ] || fail "endless headers took $(($(peak) - before)) kB"

slow=
for n in $(seq 10); do
  (printf 'GET / HT'; sleep 3) | raw >"silent$n" &
  slow="$slow $!"
  (printf 'GET / HTTP/1.1\r\nX: '; for byte in 1 2 3 4 5 6; do printf x; sleep 0.4; done) | raw >"silent_$n" &
  slow="$slow $!"
done
for n in $(seq 8); do
  (printf "$upload"; for second in 1 2 3 4; do printf x; sleep 0.5; done; sleep 1) | raw >"slow$n" &
  slow="$slow $!"
done
sleep 0.3
answers 200 "<title>" -m 2 "$url/"
answers 200 '"id"' -m 2 --data-binary @one.png "$first"
wait $slow
[ "$(cat silent* | grep -c "the request came too slowly")" = 20 ] || fail "silent clients: $(cat silent*)"
[ "$(cat slow* | grep -c "or came too slowly")" = 8 ] || fail "slow uploads: $(cat slow*)"
answers 200 "<title>" "$url/"
if command -v python3 >/dev/null; then
  python3 - "$port" <<'END_OF_PROGRAM' >many.txt 2>&1
import socket, sys, time
address = ("127.0.0.1", int(sys.argv[1]))
silent = [socket.create_connection(address) for _ in range(400)]
begin = time.time()
with socket.create_connection(address, 5) as client:
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % address[1])
    print(client.recv(15).decode(), "in time" if time.time() - begin < 2 else time.time() - begin)
END_OF_PROGRAM
  grep -q "HTTP/1.1 200 OK in time" many.txt || fail "beside 400 silent clients: $(cat many.txt)"
else
  echo "400 silent clients at once were not tried: that needs python3"
fi

# Ended by force within a job, it leaves no picture behind.
answers 200 '"id"' --data-binary @larger.png.png "$jobs?model=0&scale=4&name=larger.png"
id=$(id_of)
for try in $(seq 100); do
  answers 200 state "$jobs/$id"
  grep -q '"left"' answer && break
  sleep 0.1
done
grep -q '"left"' answer || fail "the job should be under way: $(cat answer)"
kill -9 "$server"
wait "$server" 2>/dev/null
server=
[ -z "$(ls tmp)" ] || fail "temporary files are left: $(ls tmp)"

# A job that fails leaves the server going. All weights are 7.6e9: from gray this network makes numbers, from white it makes none.
weights=8129
head -c $(($(wc -c <run/best.safetensors) - 4 * weights)) run/best.safetensors >large.safetensors
(echo; yes "$(printf 'A\342O')") | head -c $((4 * weights)) >>large.safetensors
{
  printf 'BM\066\003\0\0\0\0\0\0\066\0\0\0\050\0\0\0\020\0\0\0\020\0\0\0\001\0\030\0'
  head -c 24 /dev/zero
  head -c 768 /dev/zero | tr '\0' '\377'
} >white.bmp
begin serve --weights large.safetensors --threads 1 --port 0
jobs="$url/api/jobs"
answers 200 '"id"' --data-binary @white.bmp "$jobs?model=0&scale=2"
id=$(id_of)
for try in $(seq 50); do
  answers 200 state "$jobs/$id"
  grep -q failed answer && break
  sleep 0.1
done
grep -q '"state":"failed".*"error":"the result of srcnn is not finite' answer || fail "the job should have failed: $(cat answer)"
answers 200 "<title>" "$url/"
end_cleanly
finish

# What the tests of the pages share. Not a test by itself.
. "$(dirname "$0")/common.sh"
command -v curl >/dev/null || { echo "curl is needed (Debian, Ubuntu: apt-get install curl)" >&2; exit 1; }
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

# begin ARGUMENTS...: crisp serves, until end_cleanly; its address is in $url and $port.
begin() {
  : >server.txt  # the last one's words are not this one's
  "$crisp" "$@" >server.txt 2>&1 &
  server=$!
  for try in $(seq 100); do
    url=$(sed -n 's|^Open \(http://127.0.0.1:[0-9]*\) .*|\1|p' server.txt)
    [ -n "$url" ] && break
    sleep 0.1
  done
  [ -n "$url" ] || { fail "crisp $* does not serve: $(cat server.txt)"; exit 1; }
  port=${url##*:}
}

# answers STATUS PATTERN CURL-ARGUMENTS...: the body is in the file answer; errors must be {"error": "..."}.
answers() {
  status=$1 pattern=$2
  shift 2
  got=$(curl -s -m 20 -o answer -w '%{http_code}' "$@")
  [ "$got" = "$status" ] || fail "curl $*: status $got, not $status: $(head -c 300 answer)"
  grep -q -- "$pattern" answer || fail "curl $*: the answer lacks '$pattern': $(head -c 300 answer)"
  [ "$status" -lt 400 ] || grep -q '^{"error":"' answer || fail "curl $*: this is no error in words: $(head -c 300 answer)"
}

# Ctrl-C ends the server with status 0.
end_cleanly() {
  kill -0 "$server" 2>/dev/null || fail "the server ended by itself: $(cat server.txt)"
  kill -INT "$server"
  wait "$server"
  got=$?
  server=
  [ "$got" = 0 ] || fail "Ctrl-C: exit status $got, not 0: $(cat server.txt)"
}

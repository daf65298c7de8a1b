# What the tests of the crisp program share. Usage of each: <script> PROGRAM. Not a test by itself.
set -u
crisp=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
[ -x "$crisp" ] || { echo "FAILED: there is no program '$1'" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# expect STATUS PATTERN ARGUMENTS...: runs crisp; standard error must hold the pattern, and one line if the status is 2.
expect() {
  status=$1 pattern=$2
  shift 2
  "$crisp" "$@" >out.txt 2>err.txt
  got=$?
  [ "$got" = "$status" ] || fail "crisp $*: exit status $got, not $status; $(cat err.txt)"
  grep -q -- "$pattern" err.txt || fail "crisp $*: standard error lacks '$pattern': $(cat err.txt)"
  if [ "$status" = 2 ]; then
    [ "$(wc -l <err.txt)" = 1 ] || fail "crisp $*: standard error is not one line: $(cat err.txt)"
    [ -s out.txt ] && fail "crisp $*: wrong use, but something was printed: $(cat out.txt)"
  fi
  return 0
}

# works ARGUMENTS...: runs crisp, which must succeed; its output is in out.txt.
works() {
  "$crisp" "$@" >out.txt 2>err.txt || fail "crisp $*: exit status $?; $(cat err.txt)"
}

shows() { grep -q -- "$1" out.txt || fail "the output lacks '$1': $(cat out.txt)"; }

# size FILE.png: "width height colour-type" of a PNG (0 gray, 2 RGB, 4 gray and alpha, 6 RGBA).
size() { od -An -tu1 -j16 -N10 "$1" | awk '{print $3*256+$4, $7*256+$8, $10}'; }

leaves_no_parts() {
  parts=$(find . -name '*.part*')
  [ -z "$parts" ] || fail "unfinished files are left: $parts"
}

# Small pictures, made for these tests: gray 5x7, gray with alpha 6x5, RGB 13x9, RGBA 8x6, one pixel, and an RGB one of 40x47.
make_pictures() {
  mkdir -p "$1"
  base64 -d >"$1/gray.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAUAAAAHCAAAAADlzNgyAAAAFklEQVR42mNksHdwcGBiYGBgYMBPAgAnqAENechsTwAAAABJRU5ErkJggg==
END
  base64 -d >"$1/gray_alpha.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAQAAADMUVVtAAAAFElEQVR42mNk+G98FgaZGJAAkRwAXlUGCZeL8FEAAAAASUVORK5CYII=
END
  base64 -d >"$1/rgb.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJCAIAAABmGDE9AAAAI0lEQVR42mNkYGAQZWCHIDEYA5PNwiDPzsBAGLEwKIyqw4IAT1MFTEvqhZwAAAAASUVORK5CYII=
END
  base64 -d >"$1/rgba.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAYAAAD+Bd/7AAAANUlEQVR42mNkYGD4r8LA/l+Fgf2vKgP7bxUG9p+qDOzfVRjYv6oysH9mYTBm/8/AgBsPBgUAtJozA/+hMEoAAAAASUVORK5CYII=
END
  base64 -d >"$1/pixel.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IRcFAALyAUHp0gLKAAAAAElFTkSuQmCC
END
}
make_picture() {
  mkdir -p "$(dirname "$1")"
  base64 -d >"$1" <<'END'
iVBORw0KGgoAAAANSUhEUgAAACgAAAAvCAIAAAAemR+CAAAAl0lEQVR42mOUqzjBMBCAiWGAwKjFoxaPWjz0LWYhT9u+IwnIXCebBaSawEhSkYlmHyYg3gXEWkzQSlKtZ6K6rUSqZ6K6rUTqYqKFrcToHZT5mBLvEjRhtMikYjjjN2c0qEewxWTUdCSZMxrU1A1tPCYMmjbXpYpJqAJGZBut15E3mo9HLR61eNRiWgDG0XGuUYtHLaYWAACPsilVZNGO/wAAAABJRU5ErkJggg==
END
}

# Shortest training that leaves weights behind: first argument the folder, the rest further options.
tiny_training() {
  folder=$1
  shift
  works train --model srcnn --scale 2 --train synthetic --steps 4 --batch 2 --seed 3 --out "$folder" "$@"
}

finish() {
  leaves_no_parts
  [ "$failures" = 0 ] || exit 1
  echo "passed"
}

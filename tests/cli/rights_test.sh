#!/bin/sh
# What the system refuses is told in its words: files and folders without rights, names too long, files in place of folders.
. "$(dirname "$0")/common.sh"
make_picture pictures/one.png
tiny_training run
weights=run/best.safetensors
long=$(printf '%0300d' 0)
expect 1 "large' cannot be made: Not a directory" upscale --weights $weights pictures pictures/one.png/large
expect 1 "cannot be read: File name too long" upscale --weights $weights pictures "$long"
expect 1 "cannot be read: File name too long" upscale --weights $weights pictures/one.png "$long.png"
expect 1 "cannot be written: File name too long" export --weights $weights "$long.onnx"
expect 2 "cannot be read: File name too long" info "$long.safetensors"
expect 2 "cannot be read: File name too long" evaluate --data "$long" --method bicubic --scale 2
expect 1 "cannot be written: No such file or directory" evaluate --data pictures --method bicubic --scale 2 --csv none/table.csv
expect 1 "cannot be written: Not a directory" evaluate --data pictures --method bicubic --scale 2 --json $weights/table.json
ln -s loop.safetensors loop.safetensors
expect 2 "cannot be read: Too many levels of symbolic links" info loop.safetensors
ln -s none pictures/dangling.png
works evaluate --data pictures --method bicubic --scale 2
shows "^one "

# Without rights: as another user, where this one is root.
if [ "$(id -u)" = 0 ]; then
  as="setpriv --reuid 65534 --clear-groups"
  chmod 755 .
  $as "$crisp" --version >/dev/null 2>&1 || { echo "skipped: crisp cannot be run as another user here"; finish; exit; }
  printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$as" "$crisp" >as_nobody
  chmod 755 as_nobody
  crisp="$work/as_nobody"
fi
cp -r pictures unreadable
cp $weights secret.safetensors
mkdir locked open
chmod 777 open
chmod 000 unreadable secret.safetensors
chmod 555 locked
expect 1 "secret.safetensors' cannot be read: Permission denied" info secret.safetensors
expect 2 "unreadable' cannot be read: Permission denied" evaluate --data unreadable --method bicubic --scale 2
expect 1 "'unreadable/one.png' cannot be read: Permission denied" upscale --weights $weights unreadable/one.png open/large.png
expect 1 "cannot be written: Permission denied" upscale --weights $weights pictures/one.png locked/large.png
expect 1 "cannot be made: Permission denied" upscale --weights $weights pictures locked/large
expect 1 "cannot be written: Permission denied" export --weights $weights locked/model.onnx
expect 1 "cannot be made: Permission denied" train --model srcnn --scale 2 --train synthetic --steps 2 --out locked/run
expect 1 "unreadable/run.* cannot be read: Permission denied" train --model srcnn --scale 2 --train synthetic --steps 2 --out unreadable/run
expect 2 "unreadable/inside' cannot be read: Permission denied" upscale --weights unreadable/inside pictures/one.png open/large.png
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 0)" -gt 7 ]; then
  expect 2 "port 7 cannot be opened: Permission denied" serve --weights $weights --port 7
fi
[ -z "$(ls open)" ] || fail "a refused job left something behind: $(ls open)"
chmod 755 unreadable
finish

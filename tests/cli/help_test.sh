#!/bin/sh
# Help and version; what info says about a network, as a table and as JSON; the table of all networks.
models_page=$(cd "$(dirname "$0")/../../docs" && pwd)/07_models.md
. "$(dirname "$0")/common.sh"

works --help
for command in train upscale evaluate table look export serve mos data info forward; do
  shows "$command"
done
for command in train upscale evaluate table look export serve mos data info forward; do
  works $command --help
  shows "Usage: crisp $command"
  shows "Example: crisp $command"
done
works train --help
for option in model variant scale train valid minutes steps epochs batch patch lr seed threads device precision out resume; do
  shows "--$option"
done
works --version
grep -Eq '^crisp [0-9]+\.[0-9]+\.[0-9]+$' out.txt || fail "--version printed: $(cat out.txt)"

for case in 9-1-5:8129 9-3-5:24513 9-5-5:57281; do
  works info --model srcnn --variant ${case%:*} --scale 3 --json
  shows "\"parameters\": ${case#*:},"
  shows "\"trained\": ${case#*:},"
  shows "\"untrained\": 0"
done
works info --model srcnn --scale 2
shows "conv1  *conv2d  *(64, 9, 9, 1)  *(1, 33, 33, 64)  *5248"
shows "parameters: 8129 (8129 trained, 0 untrained)"

works info --models
awk '/^\| name \|/ { inside = 1 } !/^\|/ { inside = 0 } inside' "$models_page" >page.txt
diff page.txt out.txt >difference.txt || fail "crisp info --models and $models_page differ: $(cat difference.txt)"

tiny_training "a run"
works info "a run/best.safetensors"
shows "scale  *2"
shows "parameters: 8129"
works info "a run/best.safetensors" --json
shows '"variant": "9-1-5"'
shows '"parameters": 8129'
finish

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

# The graph, with Graphviz and without it.
works info --model edsr-baseline --scale 2 --graph drawn/net.dot
shows "74 ops"
grep -q 'label="body.0 to 15, 16 times"' drawn/net.dot || fail "the blocks are not folded: $(cat drawn/net.dot)"
grep -q 'conv1\\nconv2d 3 x 3\\n48 x 48 x 64\\n36,928 parameters' drawn/net.dot || fail "no layer with its shape: $(cat drawn/net.dot)"
(PATH=/nonexistent && works info --model swinir-light --scale 2 --graph plain.svg) 2>plain.txt
grep -q "layers.0 to 3, 4 times" plain.svg || fail "without Graphviz: $(cat plain.txt plain.svg)"
grep -q "residual_group.blocks.0 to 5, 6 times" plain.svg || fail "groups within groups: $(cat plain.svg)"
if command -v dot >/dev/null; then
  works info --model srcnn --scale 2 --graph drawn.svg
  shows "drawn by Graphviz"
  grep -q "5,248 parameters" drawn.svg || fail "by Graphviz: $(cat drawn.svg)"
fi
mkdir false
printf '#!/bin/sh\nexit 3\n' >false/dot
chmod +x false/dot
(PATH="$work/false:$PATH" && works info --model srcnn --scale 2 --graph failed.svg && grep -q "dot has failed" err.txt) || fail "a dot that fails: $(cat err.txt)"
grep -q "5,248 parameters" failed.svg || fail "after a dot that fails: $(cat failed.svg)"
expect 2 "must end in .svg or .dot" info --model srcnn --scale 2 --graph net.png
expect 2 "exclude each other" info --model srcnn --scale 2 --graph net.svg --json
expect 2 "it is learnt from examples" info --model anr --scale 2 --graph net.svg
mkdir folder.svg
expect 1 "is a folder; give the name of a file" info --model srcnn --scale 2 --graph folder.svg

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

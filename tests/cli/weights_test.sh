#!/bin/sh
# Weights files of others: names with something before them, several networks in one file, settings beside them, files of
# other kinds; and weights or results that are not finite.
. "$(dirname "$0")/common.sh"
make_picture picture.png
mkdir pictures
cp picture.png pictures/a.png

# A file of the older form of torch.save, its pickles in lines of text: "file NAME <BODY". The tensors share 576 zeros.
tensor() {  # tensor NAME EXTENT...
  printf 'V%s\nctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI576\nNtQI0\n(' "$1"
  shift
  printf 'I%s\n' "$@"
  printf 't('
  for n; do printf 'I0\n'; done
  printf 'tI00\nccollections\nOrderedDict\n(tRtRs'
}
edsr() {  # edsr PREFIX: the smallest, one block of four features
  printf '(d'
  tensor "$1conv_first.weight" 4 3 3 3
  tensor "$1conv_first.bias" 4
  for layer in body.0.conv1 body.0.conv2 conv_after_body; do
    tensor "$1$layer.weight" 4 4 3 3
    tensor "$1$layer.bias" 4
  done
  tensor "$1upsample.0.weight" 16 4 3 3
  tensor "$1upsample.0.bias" 16
  tensor "$1conv_last.weight" 3 4 3 3
  tensor "$1conv_last.bias" 3
}
file() {
  {
    printf '\200\002\212\012l\374\234\106\371\040\152\250\120\031.I1001\n.N.'
    cat
    printf '.(lV0\na.\100\002\000\000\000\000\000\000'
    head -c 2304 /dev/zero
  } >"$1"
}

# What stands before the names.
for prefix in module. _orig_mod. net_g.model. 'any word.'; do
  edsr "$prefix" | file prefixed.pth
  works info prefixed.pth
  shows "edsr-baseline, blocks 1"
done

# Two networks in one file, and what is passed over.
{ printf '(dVargs\nccargparse\nNamespace\n)\201(dVlr\nI1\nsbsVnet_d\n(d'; tensor conv.weight 1 1 1 1; printf 'sVnet_g\n'; edsr ''; printf 's'; } |
  file gan.pth
works upscale --weights gan.pth --threads 1 picture.png large.png
works info gan.pth
shows "taken_from *net_g"
{ printf '(dVa2b\n'; edsr ''; printf 'sVb2a\n'; edsr module.; printf 's'; } | file two.pth
listed="the weights of 2 networks: a2b (edsr-baseline), b2a (edsr-baseline)"
expect 1 "$listed" info two.pth
expect 1 "$listed" upscale --weights two.pth picture.png no.png
expect 1 "$listed" upscale --interpolate two.pth two.pth 0.5 picture.png no.png
expect 1 "$listed" evaluate --weights two.pth --data pictures
expect 1 "$listed" export --weights two.pth no.onnx
expect 1 "$listed" forward --weights two.pth two.pth no.safetensors
expect 1 "$listed" serve --weights two.pth --port 0
train="train --model edsr-baseline --scale 2 --set features=4 --set blocks=1 --train synthetic --steps 1 --batch 1 --patch 8"
expect 1 "$listed" $train --init two.pth --out no
expect 1 "no tensors under the key 'c2b'; it has: a2b, b2a" info two.pth --key c2b
works info two.pth --key b2a
shows "taken_from *b2a"
works upscale --weights two.pth --key a2b picture.png large.png
works upscale --interpolate two.pth two.pth 0.5 --key a2b picture.png large.png
works evaluate --weights two.pth --key a2b --data pictures
works export --weights two.pth --key a2b net.safetensors
works $train --init two.pth --key a2b --out begun --quiet
expect 2 "--key goes with" info --model srcnn --key a
expect 2 "--key goes with" export --model srcnn --key a no.onnx
expect 2 "--key goes with" $train --key a --out no

# What is no weights file is called what it is.
other() { expect 1 "is no weights file: it is $1" info "$2"; }
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >pointer.pth
other "a pointer of git-lfs" pointer.pth
printf '\n<!DOCTYPE html><html>404</html>' >page.pth
other "a web page" page.pth
printf '{"error": "not found"}' >error.safetensors
other "a text in JSON" error.safetensors
echo hello >hello.pth
other "a text that begins with 'hello'" hello.pth
other "a PNG image" picture.png
works export --model srcnn --scale 2 --seed 1 srcnn.onnx
other "an ONNX model" srcnn.onnx
printf '\037\213\010\000\000' >weights.pth.gz
other "compressed by gzip" weights.pth.gz
printf '\000\000\000\200\000\000\000\000{' >header.safetensors
expect 1 "its header should have 2147483648 bytes, but only 1 follow" info header.safetensors
: >empty.pth
expect 1 "is empty (0 bytes)" info empty.pth
printf '\200\004]\224.' >list.pth
expect 1 "a pickle, but not one of torch.save" info list.pth

# Weights that are not finite: the last of a file is set to NaN, or all of them to 8e37.
works export --model edsr-baseline --scale 2 --set features=4 blocks=1 --seed 1 good.safetensors
bytes=$(wc -c <good.safetensors)
{ head -c $((bytes - 4)) good.safetensors; printf '\000\000\300\177'; } >nan.safetensors
{ head -c $((bytes - 8)) good.safetensors; printf '\000\000\200\377\000\000\200\177'; } >inf.safetensors
{ head -c $((bytes - 4 * 1259)) good.safetensors; head -c $((4 * 1259)) /dev/zero | tr '\000' '~'; } >huge.safetensors
refuses() {  # refuses PATTERN FILE
  expect 1 "$1" upscale --weights "$2" picture.png no.png
  expect 1 "$1" upscale --interpolate good.safetensors "$2" 0.5 picture.png no.png
  expect 1 "$1" evaluate --weights "$2" --data pictures --save no
  expect 1 "$1" export --weights "$2" no.onnx
  expect 1 "$1" export --weights "$2" no.safetensors
  expect 1 "$1" serve --weights "$2" --port 0
  [ ! -e no.png ] && [ ! -e no.onnx ] && [ ! -e no.safetensors ] && [ ! -e no/a.png ] || fail "$2 was used: $(ls no*)"
}
refuses "1 value is NaN or infinite: 1 of the 576 of 'upsample.0.weight'" nan.safetensors
refuses "2 values are NaN or infinite: 2 of the 576 of 'upsample.0.weight'" inf.safetensors
refuses "the result of edsr-baseline is not finite at row 0, column 0, channel 0" huge.safetensors
expect 1 "'upsample.0.weight'" forward --weights nan.safetensors good.safetensors no.safetensors
expect 1 "'upsample.0.weight'" $train --init nan.safetensors --out no
works info nan.safetensors
shows "of no use: 1 value is NaN or infinite: 1 of the 576 of 'upsample.0.weight'"
works info nan.safetensors --json
shows '"not_finite": 1'
works info good.safetensors --json
shows '"not_finite": 0'
leaves_no_parts
finish

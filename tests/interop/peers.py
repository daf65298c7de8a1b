#!/usr/bin/env python3
"""crisp beside its peers: peers.py CRISP. Networks that crisp writes, in ONNX Runtime and in PyTorch: the same output for the same input.
Exits with 77 (skipped) where numpy, onnx and onnxruntime, or torch, are not installed: pip install numpy onnx onnxruntime torch."""
import json, struct, subprocess, sys, tempfile
from pathlib import Path

try:
    import numpy as np
except ImportError:
    print("skipped: numpy is not installed"); sys.exit(77)
try:
    import onnx, onnxruntime
except ImportError:
    onnx = None
try:
    import torch
    from torch import nn
except ImportError:
    torch = None
if onnx is None and torch is None:
    print("skipped: neither onnxruntime nor torch is installed"); sys.exit(77)

crisp = str(Path(sys.argv[1]).resolve())
failures = 0


def run(*arguments):
    done = subprocess.run([crisp, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode: raise SystemExit(f"crisp {arguments}: {done.stderr}")


def read(path):  # safetensors
    raw = Path(path).read_bytes()
    length, = struct.unpack("<Q", raw[:8])
    types = {"F32": np.float32, "I64": np.int64}
    header = {k: v for k, v in json.loads(raw[8:8 + length]).items() if k != "__metadata__"}
    return {k: np.frombuffer(raw[8 + length:][slice(*v["data_offsets"])], types[v["dtype"]]).reshape(v["shape"]) for k, v in header.items()}


def write(path, tensors):
    header, data = {}, b""
    for k, v in tensors.items():
        header[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [len(data), len(data) + v.nbytes]}
        data += np.ascontiguousarray(v, np.float32).tobytes()
    text = json.dumps(header).encode()
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def compare(what, ours, theirs, limit):
    global failures
    error = np.abs(ours - theirs).max() / np.abs(theirs).max() if ours.shape == theirs.shape else np.inf
    print(f"{'ok    ' if error <= limit else 'FAILED'} {what}: {error:.1e}")
    failures += not error <= limit


tiny = {"edsr": "features=16 blocks=2", "hybrid": "features=8 blocks=2 embed=12 heads=2 depths=2,2", "swinir": "embed=12 heads=2 depths=2,2", "swinir-light": "embed=12 heads=2 depths=2,2"}
names = "srcnn srcnn-bn srresnet-lecture srresnet-lite srautoencoder srresnet msrresnet srgan edsr-small edsr-baseline edsr swinir-light swinir hybrid vdsr arcnn fsrcnn espcn dncnn".split()
cases = [(n, "") for n in names] + [("swinir", v) for v in ("real", "denoise", "jpeg")]

work = Path(tempfile.mkdtemp())
generator = np.random.default_rng(0)


def ours(weights, x):
    write(work / "in.safetensors", {"input": x})
    run("forward", "--weights", weights, work / "in.safetensors", work / "out.safetensors")
    return read(work / "out.safetensors")["output"]


def in_onnx(name, variant):
    weights, graph = work / f"{name}{variant}.safetensors", work / f"{name}{variant}.onnx"
    settings = (["--set", *tiny[name].split()] if name in tiny else []) + (["--variant", variant] if variant else [])
    run("export", "--model", name, *settings, weights)
    run("export", "--weights", weights, "--size", 40, 27, graph)
    model = onnx.load(graph)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    _, channels, height, _ = session.get_inputs()[0].shape
    shapes = [(1, channels, 40, 27)] + ([] if isinstance(height, int) else [(2, channels, 31, 50), (1, channels, 7, 9)])
    for shape in shapes:
        x = generator.random(shape, dtype=np.float32)
        compare(f"ONNX Runtime, {name} {variant} {shape}", ours(weights, x), session.run(None, {"input": x})[0], 1e-4)


def torch_models():
    """PyTorch's side, with the names of the official implementations."""
    conv = lambda a, b, k=3: nn.Conv2d(a, b, k, padding=k // 2)

    class Srcnn(nn.Module):
        def __init__(s):
            super().__init__()
            s.conv1, s.conv2, s.conv3 = (nn.Conv2d(a, b, k, padding=k // 2, padding_mode="replicate") for a, b, k in ((1, 64, 9), (64, 32, 1), (32, 1, 5)))
        def forward(s, x): return s.conv3(s.conv2(s.conv1(x).relu()).relu())

    class Block(nn.Module):
        def __init__(s, c):
            super().__init__()
            s.conv1, s.conv2 = conv(c, c), conv(c, c)
        def forward(s, x): return x + s.conv2(s.conv1(x).relu())

    class Edsr(nn.Module):  # BasicSR's names
        def __init__(s, c=64, blocks=16):
            super().__init__()
            s.conv_first, s.body, s.conv_after_body = conv(3, c), nn.Sequential(*[Block(c) for _ in range(blocks)]), conv(c, c)
            s.upsample, s.conv_last = nn.Sequential(conv(c, 4 * c), nn.PixelShuffle(2)), conv(c, 3)
            s.mean = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)
        def forward(s, x):
            x = s.conv_first((x - s.mean) * 255)
            return s.conv_last(s.upsample(s.conv_after_body(s.body(x)) + x)) / 255 + s.mean

    class Dncnn(nn.Module):
        def __init__(s, c=64):
            super().__init__()
            middle = sum(([conv(c, c), nn.BatchNorm2d(c), nn.ReLU()] for _ in range(15)), [])
            s.model = nn.Sequential(conv(1, c), nn.ReLU(), *middle, conv(c, 1))
        def forward(s, x): return x - s.model(x)

    return {"srcnn": Srcnn, "edsr-baseline": Edsr, "dncnn": Dncnn}


def in_torch(name, make):
    weights = work / f"{name}_torch.safetensors"
    run("export", "--model", name, *(["--scale", 2] if name == "edsr-baseline" else []), weights)
    net = make().eval()
    state = {k: torch.from_numpy(v.copy()) for k, v in read(weights).items()}
    net.load_state_dict(state, strict=True)
    x = generator.random((2, net(torch.zeros(1, 3 if "edsr" in name else 1, 8, 8)).shape[1], 23, 30), dtype=np.float32)
    with torch.no_grad(): compare(f"PyTorch, {name}, strict", ours(weights, x), net(torch.from_numpy(x)).numpy(), 1e-5)
    for legacy in (False, True):  # and back, through both forms of .pth: every bit
        torch.save({"params_ema": {"module." + k: v for k, v in net.state_dict().items()}}, work / "back.pth", _use_new_zipfile_serialization=not legacy)
        run("export", "--weights", work / "back.pth", work / "back.safetensors")
        back = read(work / "back.safetensors")
        same = back.keys() == state.keys() and all(np.array_equal(back[k], state[k].numpy()) for k in state)
        compare(f"PyTorch and back, {name}, {'older' if legacy else 'zip'} form", np.float32([1]), np.float32([1 if same else 2]), 0)


if onnx:
    for case in cases: in_onnx(*case)
if torch:
    for case in torch_models().items(): in_torch(*case)
print("passed" if failures == 0 else f"{failures} failed")
sys.exit(failures > 0)

#!/usr/bin/env python3
"""The ten workloads in PyTorch and ONNX Runtime: what bench/compare runs beside crisp, each as a process of its own.

usage: peers.py --version VARIANT
       peers.py --serve VARIANT NAME [--threads N]    for each line of the input one repetition, and its milliseconds
       peers.py --memory VARIANT NAME [--threads N]   the peak memory of two repetitions, in MB above what a tiny network takes
       peers.py --export NAME FILE                    the network as ONNX
VARIANT is torch, torch_channels_last, torch_jit, torch_jit_channels_last, torch_compile, or ort (inference alone).
"""
import argparse, subprocess, sys, tempfile, time, warnings
from pathlib import Path

warnings.filterwarnings("ignore")
try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    sys.exit("peers.py: PyTorch is not installed; pip install torch")


def conv(inside, outside, kernel=3):
    return nn.Conv2d(inside, outside, kernel, padding=kernel // 2)


class Add(nn.Module):
    """x + branch(x)"""
    def __init__(self, *branch):
        super().__init__()
        self.branch = nn.Sequential(*branch)

    def forward(self, x):
        return x + self.branch(x)


def srcnn(middle):
    return nn.Sequential(conv(1, 64, 9), nn.ReLU(inplace=True), conv(64, 32, middle), nn.ReLU(inplace=True), conv(32, 1, 5))


def edsr():  # baseline, x2
    blocks = [Add(conv(64, 64), nn.ReLU(inplace=True), conv(64, 64)) for _ in range(16)]
    return nn.Sequential(conv(3, 64), Add(*blocks, conv(64, 64)), conv(64, 256), nn.PixelShuffle(2), conv(64, 3))


def srresnet():  # x4
    def normed():
        return conv(64, 64), nn.BatchNorm2d(64)
    def doubled():
        return conv(64, 256), nn.PixelShuffle(2), nn.PReLU()
    blocks = [Add(*normed(), nn.PReLU(), *normed()) for _ in range(16)]
    return nn.Sequential(conv(3, 64, 9), nn.PReLU(), Add(*blocks, *normed()), *doubled(), *doubled(), conv(64, 3, 9))


class Attention(nn.Module):
    """Within windows of M x M pixels, moved by `shift`: (N, H, W, C) -> (N, H, W, C)."""
    def __init__(self, size, channels, heads, M, shift):
        super().__init__()
        self.heads, self.M, self.shift = heads, M, shift
        self.qkv, self.proj = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.table = nn.Parameter(0.02 * torch.randn((2 * M - 1) ** 2, heads))
        place = torch.stack(torch.meshgrid(torch.arange(M), torch.arange(M), indexing="ij"), -1).view(-1, 2)  # (M M, 2)
        apart = place[:, None] - place[None] + M - 1
        self.register_buffer("index", (apart[..., 0] * (2 * M - 1) + apart[..., 1]).view(-1))
        edges = [sum((i >= size - M, i >= size - shift)) for i in range(size)] if shift else [0] * size
        region = torch.tensor(edges)[:, None] * 3 + torch.tensor(edges)[None]  # (H, W)
        region = self.windows(region[None, ..., None]).squeeze(-1)             # (windows, M M)
        self.register_buffer("mask", torch.where(region[:, None] == region[:, :, None], 0.0, -100.0)[:, None])

    def windows(self, x):  # (N, H, W, C) -> (windows, M M, C)
        N, H, W, C = x.shape
        return x.view(N, H // self.M, self.M, W // self.M, self.M, C).transpose(2, 3).reshape(-1, self.M ** 2, C)

    def forward(self, x):
        N, H, W, C = x.shape
        M, d = self.M, C // self.heads
        if self.shift: x = x.roll((-self.shift, -self.shift), (1, 2))
        q, k, v = self.qkv(self.windows(x)).view(-1, M * M, 3, self.heads, d).permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.table[self.index].view(1, M * M, M * M, -1).permute(0, 3, 1, 2)  # (1, heads, M M, M M)
        if self.shift: bias = (bias + self.mask).repeat(N, 1, 1, 1)                    # (windows, heads, M M, M M)
        if self.training: y = (q * d ** -0.5 @ k.transpose(-2, -1) + bias).softmax(-1) @ v
        else: y = F.scaled_dot_product_attention(q, k, v, bias.expand(len(q), -1, -1, -1))  # faster in inference, slower in training
        y = self.proj(y.transpose(1, 2).reshape(-1, M * M, C))
        y = y.view(N, H // M, W // M, M, M, C).transpose(2, 3).reshape(N, H, W, C)
        return y.roll((self.shift, self.shift), (1, 2)) if self.shift else y


class Planes(nn.Module):
    """A convolution on (N, H, W, C)."""
    def __init__(self, channels):
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x):
        return self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class SwinIR(nn.Module):  # lightweight, x2
    def __init__(self, size, channels=60, depths=(6, 6, 6, 6), heads=6, M=8):
        super().__init__()
        def layer(i):
            return (Add(nn.LayerNorm(channels), Attention(size, channels, heads, M, i % 2 * (M // 2))),
                    Add(nn.LayerNorm(channels), nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)))
        blocks = [Add(*[part for i in range(depth) for part in layer(i)], Planes(channels)) for depth in depths]
        self.first, self.after, self.up = conv(3, channels), conv(channels, channels), conv(channels, 12)
        self.body = nn.Sequential(nn.LayerNorm(channels), *blocks, nn.LayerNorm(channels))

    def forward(self, x):
        x = self.first(x)  # (N, C, H, W)
        y = self.body(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return F.pixel_shuffle(self.up(self.after(y) + x), 2)


# name: network, channels of the image, scale, batch, side
WORKLOADS = {
    "W1_srcnn915_train_b16": (lambda: srcnn(1), 1, 1, 16, 33),
    "W1_srcnn915_train_b128": (lambda: srcnn(1), 1, 1, 128, 33),
    "W1_srcnn915_infer_512": (lambda: srcnn(1), 1, 1, 1, 512),
    "W1_srcnn955_infer_512": (lambda: srcnn(5), 1, 1, 1, 512),
    "W2_edsr_train_b16_48": (edsr, 3, 2, 16, 48),
    "W2_edsr_infer_256": (edsr, 3, 2, 1, 256),
    "W3_srresnet_train_b16_24": (srresnet, 3, 4, 16, 24),
    "W3_srresnet_infer_128": (srresnet, 3, 4, 1, 128),
    "W4_swinir_train_b2_64": (lambda: SwinIR(64), 3, 2, 2, 64),
    "W4_swinir_infer_128": (lambda: SwinIR(128), 3, 2, 1, 128),
}


def network(name):
    if name not in WORKLOADS: sys.exit(f"peers.py: there is no workload '{name}'; there are " + ", ".join(WORKLOADS))
    build, channels, scale, batch, side = WORKLOADS[name]
    torch.manual_seed(0)
    return build(), torch.rand(batch, channels, side, side), torch.rand(batch, channels, scale * side, scale * side)


def parameters(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def torch_workload(variant, name):
    """The number of parameters, and a function that runs one repetition."""
    net, x, target = network(name)
    count = parameters(net)
    if "channels_last" in variant:
        net, x, target = (t.to(memory_format=torch.channels_last) for t in (net, x, target))
    if "train" in name:
        loss = F.mse_loss if "srcnn" in name else F.l1_loss
        adam = torch.optim.Adam(net.parameters(), lr=1e-4)
        if "jit" in variant: net = torch.jit.trace(net, x)
        if "compile" in variant: net = torch.compile(net)

        def run():
            adam.zero_grad()
            loss(net(x), target).backward()
            adam.step()
    else:
        net.eval()
        if "jit" in variant:
            with torch.no_grad(): net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
        if "compile" in variant: net = torch.compile(net)

        def run():
            with torch.inference_mode(): net(x)
    return count, run


def export(name, file):
    """Writes the network as ONNX; prints the number of its parameters."""
    net, x, _ = network(name)
    net.eval()
    torch.onnx.export(net, x, file, opset_version=17, dynamo=False)  # the newer exporter needs onnxscript
    print(parameters(net))


def ort_workload(name, threads):
    version("ort")  # says what is missing
    import onnxruntime
    if "train" in name: sys.exit("peers.py: ONNX Runtime is timed for inference alone")
    with tempfile.TemporaryDirectory() as folder:  # another process exports: two libraries need not share this one's threads
        file = str(Path(folder) / "network.onnx")
        done = subprocess.run([sys.executable, __file__, "--export", name, file], stdout=subprocess.PIPE, text=True)
        if done.returncode: sys.exit(f"peers.py: {name} could not be exported as ONNX")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads or 0, 1
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: network(name)[1].numpy()}
    return int(done.stdout), lambda: session.run(None, inputs)


def workload(variant, name, threads):
    if variant == "ort": return ort_workload(name, threads)
    if threads: torch.set_num_threads(threads)
    return torch_workload(variant, name)


def serve(variant, name, threads):
    count, run = workload(variant, name, threads)
    run(), run()
    print("ready", count, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


def peak_mb():
    line, = (line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def memory(variant, name, threads):
    tiny = conv(1, 1)  # PyTorch loads a part of itself, about 150 MB, at the first step: it does not count either
    adam = torch.optim.Adam(tiny.parameters())
    tiny(torch.rand(1, 1, 8, 8)).sum().backward()
    adam.step()
    before = peak_mb()
    _, run = workload(variant, name, threads)
    run(), run()
    print(f"{peak_mb() - before:.1f} MB")


def version(variant):
    if variant != "ort": return f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    try:
        import onnxruntime, onnx
    except ImportError as missing:
        sys.exit(f"peers.py: {missing.name}, for ONNX Runtime, is not installed; pip install onnxruntime onnx")
    return f"ONNX Runtime {onnxruntime.__version__}"


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--version", metavar="VARIANT")
arguments.add_argument("--serve", nargs=2, metavar=("VARIANT", "NAME"))
arguments.add_argument("--memory", nargs=2, metavar=("VARIANT", "NAME"))
arguments.add_argument("--export", nargs=2, metavar=("NAME", "FILE"))
arguments.add_argument("--threads", type=int)
given = arguments.parse_args()
if given.version: print(version(given.version))
elif given.serve: serve(*given.serve, given.threads)
elif given.memory: memory(*given.memory, given.threads)
elif given.export: export(*given.export)
else: arguments.print_usage()

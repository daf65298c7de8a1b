#!/usr/bin/env python3
"""The workloads in PyTorch and ONNX Runtime: what bench/compare runs beside crisp, each as a process of its own.

usage: peers.py --version VARIANT
       peers.py --serve VARIANT NAME    for each line of the input one repetition, and its milliseconds; --wait: begins after a line
       peers.py --memory VARIANT NAME   the peak memory of two repetitions, in MB: on a GPU that of the tensors, else what is above a tiny network's
       peers.py --export NAME FILE      the network as ONNX
       peers.py --operations            what PyTorch counts in a repetition of each workload, as JSON
       peers.py --rates                 bytes and operations a second of a large copy and of large products, as JSON
options: --threads N, --device cpu|cuda, --precision fp32|tf32|bf16
VARIANT is ort (inference alone), or torch, then at most one of _jit, _compile, _autotune, then _graph for all of a repetition as one CUDA
graph, then _channels_last.
"""
import argparse, json, subprocess, sys, tempfile, time, warnings
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
try:
    import torch
except ImportError:
    sys.exit("peers.py: PyTorch is not installed; pip install torch")
from networks import conv, loss_of, network, parameters
from workloads import WORKLOADS


def wait():
    """For a GPU, which works on its own: what it was asked is only then done."""
    if on_gpu: torch.cuda.synchronize()


def set_precision(precision):
    """How float32 is multiplied on the GPU: TF32 also beside bf16, where autocast leaves something in float32."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = precision != "fp32"
    torch.set_float32_matmul_precision("highest" if precision == "fp32" else "high")


def compiled(variant, function):
    """As torch.compile makes it. With --device cuda it records CUDA graphs itself, unless all of the repetition becomes one."""
    if "autotune" in variant: mode = "max-autotune-no-cudagraphs" if "graph" in variant or not on_gpu else "max-autotune"
    elif "compile" in variant: mode = "reduce-overhead" if on_gpu and "graph" not in variant else None
    else: return function
    return torch.compile(function, mode=mode)


def graphed(run):
    """All of a repetition as one CUDA graph, after three in a stream of their own, as PyTorch's notes on CUDA graphs ask for."""
    if not on_gpu: sys.exit("peers.py: CUDA graphs need a GPU")
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3): run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph): run()
    return graph.replay


def training(variant, name, net, x, target):
    """A step. Gradients are dropped at its end: a CUDA graph has to make them anew in its own memory."""
    loss = loss_of(name)
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, **(dict(fused=True, capturable="graph" in variant) if on_gpu else {}))
    if "jit" in variant: net = torch.jit.trace(net, x)
    forward = compiled(variant, lambda: loss(net(x), target))

    def run():
        with autocast(): value = forward()
        value.backward()
        adam.step()
        adam.zero_grad()
    return run


def inference(variant, net, x):
    net.eval()
    if "jit" in variant:
        with torch.no_grad(): net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
    forward = compiled(variant, net)

    def run():
        with torch.inference_mode(), autocast(): forward(x)
    return run


def autocast():
    return torch.autocast(given.device, torch.bfloat16, enabled=given.precision == "bf16")


def nhwc(x):
    """The shape of (N, C, H, W), as crisp writes it."""
    N, C, H, W = x.shape
    return f"({N}, {H}, {W}, {C})"


def torch_workload(variant, name):
    """The number of parameters and the shape of the input, and a function that runs one repetition."""
    if on_gpu: set_precision(given.precision)
    net, x, target = (t.to(given.device) for t in network(name))
    what = f"{parameters(net)} {nhwc(x)}"
    if "channels_last" in variant:
        net, x, target = (t.to(memory_format=torch.channels_last) for t in (net, x, target))
    run = training(variant, name, net, x, target) if "train" in name else inference(variant, net, x)
    if "graph" in variant: run = graphed(run)

    def run_to_the_end():
        run()
        wait()
    return what, run_to_the_end


def export(name, file):
    """Writes the network as ONNX; prints the number of its parameters and the shape of its input."""
    net, x, _ = network(name)
    net.eval()
    torch.onnx.export(net, x, file, opset_version=17, dynamo=False)  # the newer exporter needs onnxscript
    print(parameters(net), nhwc(x))


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
    return done.stdout.strip(), lambda: session.run(None, inputs)


def workload(variant, name):
    if name not in WORKLOADS: sys.exit(f"peers.py: there is no workload '{name}'; there are " + ", ".join(WORKLOADS))
    if given.threads: torch.set_num_threads(given.threads)
    return ort_workload(name, given.threads) if variant == "ort" else torch_workload(variant, name)


def serve(variant, name):
    if given.wait: sys.stdin.readline()
    what, run = workload(variant, name)
    run(), run()
    print("ready", what, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


def peak_mb():
    if on_gpu: return torch.cuda.max_memory_allocated() / 2 ** 20
    line, = (line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def memory(variant, name):
    tiny = conv(1, 1)  # on the CPU PyTorch loads a part of itself, about 150 MB, at the first step: it does not count either
    adam = torch.optim.Adam(tiny.parameters())
    tiny(torch.rand(1, 1, 8, 8)).sum().backward()
    adam.step()
    before = peak_mb()
    _, run = workload(variant, name)
    run(), run()
    print(f"{peak_mb() - before:.1f} MB")


def version(variant):
    if variant != "ort":
        if not on_gpu: return f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
        if not torch.cuda.is_available(): sys.exit(f"peers.py: PyTorch {torch.__version__} finds no GPU")
        return f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    try:
        import onnxruntime, onnx
    except ImportError as missing:
        sys.exit(f"peers.py: {missing.name}, for ONNX Runtime, is not installed; pip install onnxruntime onnx")
    return f"ONNX Runtime {onnxruntime.__version__}"


def operations(name):
    """By tensors that have a shape and no memory, whatever their size."""
    from torch.utils.flop_counter import FlopCounterMode
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        net, x, target = network(name)
        if "train" in name: loss_of(name)(net(x), target).backward()
        else: net.eval()(x)
    return counter.get_total_flops()


def seconds(function, times=10):
    """Of one call: the mean of several, after some that do not count."""
    for _ in range(3): function()
    wait()
    start = time.perf_counter()
    for _ in range(times): function()
    wait()
    return (time.perf_counter() - start) / times


def rates():
    side, values = (8192, 2 ** 30) if on_gpu else (512, 2 ** 24)
    source, copy = (torch.zeros(values, device=given.device) for _ in range(2))
    products = {}
    for precision in ("fp32", "tf32", "bf16"):
        set_precision(precision)
        a, b = (torch.randn(side, side, device=given.device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32) for _ in range(2))
        products[precision] = 2 * side ** 3 / seconds(lambda: a @ b)
    return {"bytes": 2 * 4 * values / seconds(lambda: copy.copy_(source)), "operations": products}


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--version", metavar="VARIANT")
arguments.add_argument("--serve", nargs=2, metavar=("VARIANT", "NAME"))
arguments.add_argument("--wait", action="store_true")
arguments.add_argument("--memory", nargs=2, metavar=("VARIANT", "NAME"))
arguments.add_argument("--export", nargs=2, metavar=("NAME", "FILE"))
arguments.add_argument("--operations", action="store_true")
arguments.add_argument("--rates", action="store_true")
arguments.add_argument("--threads", type=int)
arguments.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
arguments.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32")
given = arguments.parse_args()
on_gpu = given.device == "cuda"
if given.version: print(version(given.version))
elif given.serve: serve(*given.serve)
elif given.memory: memory(*given.memory)
elif given.export: export(*given.export)
elif given.operations: print(json.dumps({name: operations(name) for name in WORKLOADS}))
elif given.rates: print(json.dumps(rates()))
else: arguments.print_usage()

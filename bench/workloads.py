"""The workloads' names and sizes, as in workloads.hpp, and what each has to compute and to move at least: the floor beneath its time."""
from typing import Callable, NamedTuple


class Layer(NamedTuple):
    """For one image: how often it multiplies and adds, and how many values it reads."""
    products: int
    values: int


class Network(NamedTuple):
    channels: int                          # of the image
    scale: int
    layers: Callable[[int], list[Layer]]   # of an image with this side; those that take time: convolutions, products of matrices


def conv(pixels, inside, outside, kernel=3):
    return Layer(pixels * inside * outside * kernel ** 2, pixels * inside)


def linear(pixels, inside, outside):
    return conv(pixels, inside, outside, 1)


def attention(pixels, channels, window):
    """The scores q k^T, and by them the sums of v; each pixel with all of its window."""
    return Layer(2 * pixels * window ** 2 * channels, 3 * pixels * channels)


def srcnn(middle):
    return lambda side: [conv(side ** 2, 1, 64, 9), conv(side ** 2, 64, 32, middle), conv(side ** 2, 32, 1, 5)]


def edsr(side):
    P = side ** 2
    return [conv(P, 3, 64), *33 * [conv(P, 64, 64)], conv(P, 64, 256), conv(4 * P, 64, 3)]


def srresnet(side):
    P = side ** 2
    return [conv(P, 3, 64, 9), *33 * [conv(P, 64, 64)], conv(P, 64, 256), conv(4 * P, 64, 256), conv(16 * P, 64, 3, 9)]


def swinir(side, C=60, window=8):
    P = side ** 2
    swin = [linear(P, C, 3 * C), attention(P, C, window), linear(P, C, C), linear(P, C, 2 * C), linear(P, 2 * C, C)]
    return [conv(P, 3, C), *24 * swin, *5 * [conv(P, C, C)], conv(P, C, 12)]


NETWORKS = {
    "srcnn915": Network(1, 1, srcnn(1)),
    "srcnn955": Network(1, 1, srcnn(5)),
    "edsr": Network(3, 2, edsr),
    "srresnet": Network(3, 4, srresnet),
    "swinir": Network(3, 2, swinir),
}


class Workload(NamedTuple):
    network: str
    batch: int
    side: int
    devices: str  # where compare runs it


# Those of the GPU fill it; their batches leave room for all contenders at once in 141 GB.
WORKLOADS = {
    "W1_srcnn915_train_b16": Workload("srcnn915", 16, 33, "cpu"),
    "W1_srcnn915_train_b128": Workload("srcnn915", 128, 33, "cpu cuda"),
    "W1_srcnn915_train_b1024": Workload("srcnn915", 1024, 33, "cuda"),
    "W1_srcnn915_infer_512": Workload("srcnn915", 1, 512, "cpu"),
    "W1_srcnn955_infer_512": Workload("srcnn955", 1, 512, "cpu"),
    "W1_srcnn915_infer_2048": Workload("srcnn915", 1, 2048, "cuda"),
    "W2_edsr_train_b16_48": Workload("edsr", 16, 48, "cpu cuda"),
    "W2_edsr_train_b128_48": Workload("edsr", 128, 48, "cuda"),
    "W2_edsr_infer_256": Workload("edsr", 1, 256, "cpu"),
    "W2_edsr_infer_1024": Workload("edsr", 1, 1024, "cuda"),
    "W3_srresnet_train_b16_24": Workload("srresnet", 16, 24, "cpu cuda"),
    "W3_srresnet_train_b128_24": Workload("srresnet", 128, 24, "cuda"),
    "W3_srresnet_infer_128": Workload("srresnet", 1, 128, "cpu"),
    "W3_srresnet_infer_512": Workload("srresnet", 1, 512, "cuda"),
    "W4_swinir_train_b2_64": Workload("swinir", 2, 64, "cpu"),
    "W4_swinir_train_b8_64": Workload("swinir", 8, 64, "cuda"),
    "W4_swinir_train_b32_64": Workload("swinir", 32, 64, "cuda"),
    "W4_swinir_infer_128": Workload("swinir", 1, 128, "cpu"),
    "W4_swinir_infer_512": Workload("swinir", 1, 512, "cuda"),
}


def operations(name):
    """Of one repetition, a multiplication and an addition being two. Training computes three products for each of inference: the value and
    two gradients; but of the first layer nobody asks the gradient of its input."""
    work = WORKLOADS[name]
    layers = NETWORKS[work.network].layers(work.side)
    once = 2 * work.batch * sum(layer.products for layer in layers)
    return 3 * once - 2 * work.batch * layers[0].products if "train" in name else once


def traffic(name, parameters, bytes_each):
    """The bytes of one repetition to and from memory, if whatever can be computed again or kept on the chip is. Both kinds read the input
    and the parameters, in float32. Inference writes its result. Training reads the target; writes each gradient of a parameter and reads it;
    reads Adam's two moments, and writes them and the parameter; writes what its layers read, in `bytes_each` bytes a value, and reads it on
    the backward pass."""
    work = WORKLOADS[name]
    network = NETWORKS[work.network]
    layers = network.layers(work.side)
    image = work.batch * network.channels * work.side ** 2
    always = 4 * (image * (1 + network.scale ** 2) + parameters)
    if "train" not in name: return always
    return always + 4 * parameters * (2 + 2 * 2 + 1) + 2 * bytes_each * work.batch * sum(layer.values for layer in layers[1:])


class Rates(NamedTuple):
    """What a card reaches."""
    bytes: float                  # a second, of a large copy, read and written
    operations: dict[str, float]  # a second, of a large product of matrices, by the math


# For machines without PyTorch, which measures them (`peers.py --rates`): copy and bf16 so measured, tf32 taken as half of that, fp32 as specified.
KNOWN_RATES = {"NVIDIA H200": Rates(4.3e12, {"fp32": 60e12, "tf32": 395e12, "bf16": 790e12})}


def floor(name, parameters, precision, rates):
    """Milliseconds, and what they are bound by."""
    times = {"operations": operations(name) / rates.operations[precision], "bytes": traffic(name, parameters, 2 if precision == "bf16" else 4) / rates.bytes}
    bound = max(times, key=times.get)
    return times[bound] * 1e3, bound

"""The workloads' networks in PyTorch, with the parameters of crisp's and without what would only cost time."""
import torch
from torch import nn
from torch.nn import functional as F

from workloads import NETWORKS, WORKLOADS


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


BUILD = {
    "srcnn915": lambda side: srcnn(1),
    "srcnn955": lambda side: srcnn(5),
    "edsr": lambda side: edsr(),
    "srresnet": lambda side: srresnet(),
    "swinir": lambda side: SwinIR(side),
}


def network(name):
    """The network of a workload, its input (N, C, H, W), and what training compares its output with."""
    work = WORKLOADS[name]
    channels, scale, _ = NETWORKS[work.network]
    torch.manual_seed(0)
    net = BUILD[work.network](work.side)
    return net, torch.rand(work.batch, channels, work.side, work.side), torch.rand(work.batch, channels, scale * work.side, scale * work.side)


def loss_of(name):
    return F.mse_loss if "srcnn" in name else F.l1_loss


def parameters(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)

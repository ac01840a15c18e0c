"""Times training steps in PyTorch, for BenchmarkAgainstPyTorch: eager, channels_last, with the networks, heads and losses of
the recipes lightly2023 for CIFAR-10, on views that are there already.

    pytorch_steps.py METHOD WIDTH BATCH f32|bf16 THREADS

It says "ready" after two steps, and then makes as many as each line of its input asks for, and answers with their times in
milliseconds.
"""
import copy
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class SplitNorm(nn.BatchNorm2d):
    """Batch norm of each of some parts of a batch, as MoCo's networks have it."""

    def __init__(self, channels, splits):
        super().__init__(channels)
        self.splits = splits

    def forward(self, x):
        n, c, h, w = x.shape
        parts = F.batch_norm(
            x.reshape(n // self.splits, c * self.splits, h, w), self.running_mean.repeat(self.splits), self.running_var.repeat(self.splits),
            self.weight.repeat(self.splits), self.bias.repeat(self.splits), True, self.momentum, self.eps)
        return parts.reshape(n, c, h, w)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), norm(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), norm(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, width, norm):
        super().__init__()
        layers, inputs = [nn.Conv2d(3, width, 3, 1, 1, bias=False), norm(width)], width
        for stage in range(4):
            for number in range(2):
                layers.append(Block(inputs, width << stage, 2 if stage and not number else 1, norm))
                inputs = width << stage
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def mlp(inputs, hidden, outputs, norm=True, out_norm=False):
    layers = [nn.Linear(inputs, hidden, bias=not norm)] + ([nn.BatchNorm1d(hidden)] if norm else []) + [nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden, outputs, bias=not out_norm), *([nn.BatchNorm1d(outputs)] if out_norm else []))


class Method(nn.Module):
    target = False  # whether there is a network that follows

    def __init__(self, width, projector, predictor=None, splits=0):
        super().__init__()
        norm = (lambda channels: SplitNorm(channels, splits)) if splits else nn.BatchNorm2d
        self.online = nn.Sequential(ResNet18(width, norm), projector)
        self.predictor = predictor
        if self.target:
            self.follower = copy.deepcopy(self.online).requires_grad_(False)

    def follow(self, momentum=0.99):
        with torch.no_grad():
            for p, q in zip(self.follower.parameters(), self.online.parameters()):
                p.mul_(momentum).add_(q, alpha=1 - momentum)


class SimCLR(Method):
    def __init__(self, width):
        super().__init__(width, mlp(8 * width, 512, 128, out_norm=True))

    def loss(self, views):
        z = F.normalize(torch.cat([self.online(v).float() for v in views]))
        n = len(z)
        similarities = (z @ z.T / 0.5).masked_fill(torch.eye(n, dtype=torch.bool), float("-inf"))
        return F.cross_entropy(similarities, (torch.arange(n) + n // 2) % n)


class MoCo(Method):
    target = True

    def __init__(self, width):
        super().__init__(width, mlp(8 * width, 512, 128, norm=False), splits=8)
        self.queue, self.at = F.normalize(torch.randn(4096, 128)), 0

    def loss(self, views):
        self.follow()
        total = 0
        for x, y in (views, views[::-1]):
            query = F.normalize(self.online(x).float())
            with torch.no_grad():
                order = torch.randperm(len(y))
                key = torch.empty(len(y), 128)
                key[order] = F.normalize(self.follower(y[order]).float())
            logits = torch.cat([(query * key).sum(1, keepdim=True), query @ self.queue.clone().T], 1) / 0.1
            total = total + F.cross_entropy(logits, torch.zeros(len(x), dtype=torch.long)) / 2
            self.queue[self.at:self.at + len(key)] = key
            self.at = (self.at + len(key)) % len(self.queue)
        return total


class SimSiam(Method):
    def __init__(self, width):
        super().__init__(width, mlp(8 * width, 2048, 2048, out_norm=True), mlp(2048, 512, 2048))

    def loss(self, views):
        z = [self.online(v) for v in views]
        p = [self.predictor(x).float() for x in z]
        return -sum(F.cosine_similarity(p[i], z[1 - i].detach().float()).mean() for i in (0, 1)) / 2


class BarlowTwins(Method):
    def __init__(self, width):
        super().__init__(width, mlp(8 * width, 2048, 2048))

    def loss(self, views):
        a, b = [(z - z.mean(0)) / z.std(0) for z in (self.online(v).float() for v in views)]
        c = a.T @ b / len(a)
        on = (c.diagonal() - 1).square().sum()
        return on + 0.005 * (c.square().sum() - c.diagonal().square().sum())


class BYOL(Method):
    target = True

    def __init__(self, width):
        super().__init__(width, mlp(8 * width, 1024, 256), mlp(256, 1024, 256))

    def loss(self, views):
        self.follow()
        p = [self.predictor(self.online(v)).float() for v in views]
        with torch.no_grad():
            z = [self.follower(v).float() for v in views]
        return -sum(F.cosine_similarity(p[i], z[1 - i]).mean() for i in (0, 1)) / 2


def main():
    name, width, batch, precision, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = globals()[name](width).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.06, momentum=0.9, weight_decay=5e-4)
    views = [torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last) for _ in range(2)]

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = model.loss(views)
        loss.backward()
        optimizer.step()
        loss.item()
        return 1e3 * (time.perf_counter() - start)

    for _ in range(2):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        print(*(f"{step():.3f}" for _ in range(int(line))), flush=True)


main()

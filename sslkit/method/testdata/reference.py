"""Whole training steps of methods that are not lightly's, by PyTorch.

    reference.py DIR    write method_mocov3.json, method_unmix.json, method_all4one.json and method_tico_symmetric.json

They have the form of the other method_*.json of the golden files, with the same generators.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTH, BATCH, SIZE, STEPS, EPOCHS = 8, 16, 32, 5, 10
NOISE, CALLS = 7000, 50  # the k-th call of step s draws from generator NOISE + CALLS*s + k


def u(number, count):
    """count numbers of generator number, in [0, 1)."""
    with np.errstate(over="ignore"):
        z = (np.uint64(number << 32) + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / 2**53


def g(s, n, d):
    i, j = np.arange(n)[:, None], np.arange(d)[None, :]
    return np.sin(0.9 * s + 1.7 * i + 0.31 * j + 0.013 * i * j)


def pictures(view):
    count = BATCH * 3 * SIZE * SIZE
    return (4 * (0.7 * u(1000, count) + 0.3 * u(1001 + view, count)) - 2).reshape(BATCH, 3, SIZE, SIZE)


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.short = nn.Sequential()
        if stride > 1:
            self.short = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.short(x))


def backbone():
    """ResNet-18 for CIFAR-10, without ReLU behind the stem."""
    layers, inside = [nn.Conv2d(3, WIDTH, 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTH)], WIDTH
    for stage in range(4):
        for block in range(2):
            layers.append(Block(inside, WIDTH << stage, 2 if stage and not block else 1))
            inside = WIDTH << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def mlp(inside, description, hidden, out):
    """Layers from words such as "linear bn relu linear(bias)"."""
    words, layers = description.split(), []
    last = max(i for i, word in enumerate(words) if word.startswith("linear"))
    for i, word in enumerate(words):
        width = out if i >= last else hidden
        if word.startswith("linear"):
            layers.append(nn.Linear(inside, width, bias="bias" in word))
            inside = width
        else:
            layers.append({"bn": lambda: nn.BatchNorm1d(width), "relu": nn.ReLU}[word]())
    return nn.Sequential(*layers)


class Layer(nn.Module):
    """A layer of PyTorch's TransformerEncoder whose dropout heeds given noise."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x, drop):
        n, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = drop((q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)).softmax(-1))
        x = self.norm1(x + drop(self.proj((weights @ v).transpose(1, 2).reshape(n, tokens, width))))
        return self.norm2(x + drop(self.fc2(drop(F.relu(self.fc1(x))))))

    def check(self):
        """Compares the layer without dropout with PyTorch's."""
        width, hidden = self.norm1.normalized_shape[0], self.fc1.out_features
        torchs = nn.TransformerEncoderLayer(width, self.heads, hidden, dropout=0.0, batch_first=True).to(self.fc1.weight)
        parts = [self.qkv.weight, self.qkv.bias, self.proj.weight, self.proj.bias]
        for layer in (self.fc1, self.fc2, self.norm1, self.norm2):
            parts += [layer.weight, layer.bias]
        for to, value in zip(torchs.parameters(), parts, strict=True):
            to.data.copy_(value.data)
        x = torch.tensor(g(5, 4 * 5, width)).reshape(4, 5, width).to(self.fc1.weight)
        torch.testing.assert_close(self(x, lambda y: y), torchs(x))


def negative_cosine(p, z):
    return -F.cosine_similarity(p, z, dim=1).mean()


def info_nce(q, k, temperature):
    q, k = F.normalize(q, dim=1), F.normalize(k, dim=1)
    return F.cross_entropy(q @ k.T / temperature, torch.arange(len(q)))


def bank_loss(q, k, bank, temperature):
    q, k = F.normalize(q, dim=1), F.normalize(k, dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ bank.T], 1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    n = len(a)
    logits = (z @ z.T / temperature).masked_fill(torch.eye(2 * n, dtype=torch.bool), -math.inf)
    return F.cross_entropy(logits, (torch.arange(2 * n) + n) % (2 * n))


class Run:
    """Five steps of a method: a subclass says what its networks and its loss are."""

    name = method = base = None
    target_parts = ()
    bank = 0
    sizes = {"features": 8 * WIDTH, "hidden": 64, "out": 32, "pred_hidden": 48,
             "projection": "linear bn relu linear bn", "prediction": "linear bn relu linear(bias)"}
    params, extra = {}, {}
    lr, momentum = 0.06, 0.99

    def __init__(self, dtype):
        self.dtype, s = dtype, self.sizes
        self.online = {"backbone": backbone(), "projection": mlp(s["features"], s["projection"], s["hidden"], s["out"])}
        self.more()
        self.starts()
        self.target = {part: self.copied(part) for part in self.target_parts}
        if self.bank:
            self.queue, self.pointer = F.normalize(self.tensor(g(3, self.bank, s["out"])), dim=1), 0
        self.views = [self.tensor(pictures(0)), self.tensor(pictures(1))]

    def more(self):
        s = self.sizes
        self.online["prediction"] = mlp(s["out"], s["prediction"], s["pred_hidden"], s["out"])

    def tensor(self, values):
        return torch.tensor(values).to(self.dtype)

    def starts(self):
        """Fills all tensors, and lists those outside the backbone."""
        self.tensors, number, fan_in = [], 0, 0
        for part, net in self.online.items():
            net.to(self.dtype)
            for name, p in net.named_parameters():
                kind = "weight" if p.dim() > 1 else "bias"
                if p.dim() > 1:
                    fan_in = p[0].numel()
                    dense = True
                elif name.endswith("weight"):
                    kind, dense = "one", False
                elif not dense:
                    kind = "zero"
                values = {"one": 1.0, "zero": 0.0}.get(kind)
                if values is None:
                    values = self.tensor(((2 * u(number, p.numel()) - 1) / math.sqrt(fan_in)).reshape(p.shape))
                p.data.copy_(values if torch.is_tensor(values) else torch.full_like(p, values))
                if part != "backbone":
                    self.tensors.append({"number": number, "name": f"{part}.{name}", "shape": list(p.shape), "kind": kind})
                number += 1

    def copied(self, part):
        s, net = self.sizes, self.online[part]
        new = backbone() if part == "backbone" else mlp(s["features"], s["projection"], s["hidden"], s["out"])
        new.to(self.dtype).load_state_dict(net.state_dict())
        return new

    def parameters(self):
        return [p for net in self.online.values() for p in net.parameters()]

    def noise(self, shape):
        number = NOISE + CALLS * self.step + self.calls
        self.calls += 1
        return self.tensor(u(number, math.prod(shape)).reshape(shape))

    def project(self, x):
        return self.online["projection"](self.online["backbone"](x))

    @torch.no_grad()
    def keys(self):
        for part, net in self.target.items():
            for t, p in zip(net.parameters(), self.online[part].parameters(), strict=True):
                t.mul_(self.momentum).add_(p, alpha=1 - self.momentum)
        if self.step == 0:
            self.results["target_norm_step0"] = self.norm(p for net in self.target.values() for p in net.parameters())
        return [self.target["projection"](self.target["backbone"](x)) for x in self.order()]

    def order(self):
        """The views as the target network sees them."""
        return self.views

    def enqueue(self, rows):
        self.queue = self.queue.clone()
        end = min(self.pointer + len(rows), self.bank)
        self.queue[self.pointer:end] = rows[:end - self.pointer].detach()
        self.pointer = end % self.bank

    @staticmethod
    def norm(tensors):
        return math.sqrt(sum(float((t.detach().double() ** 2).sum()) for t in tensors))

    def run(self):
        lists = {k: [] for k in ("loss", "grad_norm", "param_norm_after", "lr")}
        self.results, buffers = {}, [torch.zeros_like(p) for p in self.parameters()]
        for self.step in range(STEPS):
            self.calls, lr = 0, self.lr * (1 + math.cos(math.pi * self.step / EPOCHS)) / 2
            loss = self.loss()
            grads = torch.autograd.grad(loss, self.parameters())
            if self.step == 0:
                self.results["step0_grad_norm_per_tensor"] = [self.norm([x]) for x in grads]
            with torch.no_grad():
                for p, d, b in zip(self.parameters(), grads, buffers):
                    b.mul_(0.9).add_(d + 5e-4 * p)
                    p.sub_(lr * b)
            for k, v in zip(lists, (float(loss.detach()), self.norm(grads), self.norm(self.parameters()), lr)):
                lists[k].append(v)
        self.finish(lists)
        return self.results

    def finish(self, lists):
        r, last = self.results, self.parameters()[-1].flatten()
        r.update(lists)
        r["online_last_tensor_0..3"] = last[:4].tolist()
        r["bn_online"] = self.statistics(self.online)
        if self.target:
            r["target_norm_end"] = {part: self.norm(net.parameters()) for part, net in self.target.items()}
            r["target_last_tensor_0..3"] = list(self.target["projection"].parameters())[-1].flatten()[:4].tolist()
            r["bn_target"] = self.statistics(self.target)
        if self.bank:
            r["state_after"] = {"bank": self.summary(self.queue)}
            r["pointers_after"] = {"bank": self.pointer}
        net = self.online["backbone"].eval()
        with torch.no_grad():
            h = net(self.views[0])
        r["eval_features_view0"] = {"image0_0..15": h[0, :16].tolist(), "last_image_0..3": h[-1, :4].tolist(),
                                    "mean": float(h.mean()), "std": float(h.std(correction=0))}

    @staticmethod
    def summary(x):
        return {"shape": list(x.shape), "norm": Run.norm([x]), "sum": float(x.sum()), "first": x.flatten()[:8].tolist()}

    @staticmethod
    def statistics(nets):
        norms = [m for net in nets.values() for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        return {"first_mean_0..3": norms[0].running_mean[:4].tolist(), "first_var_0..3": norms[0].running_var[:4].tolist(),
                "sum_mean": sum(float(m.running_mean.sum()) for m in norms),
                "sum_var": sum(float(m.running_var.sum()) for m in norms), "layers": len(norms)}

    @classmethod
    def case(cls):
        run = cls(torch.float64)
        run.check()
        results, f32 = run.run(), cls(torch.float32).run()
        described = {
            "name": cls.name or f"cifar_head/{cls.method}/w{WIDTH}", "method": cls.method, "recipe": "cifar_head",
            "width": WIDTH, "batch": BATCH, "weights_first": 0, "online": list(run.online),
            "pixels": {"base": 1000, "views": [{"view": i, "size": SIZE} for i in range(2)]},
            "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005, "nesterov": False},
            "schedule": {"kind": "cosine", "lr0": cls.lr, "epochs": EPOCHS}, "steps": STEPS,
            "sizes": cls.sizes | ({"bank": cls.bank} if cls.bank else {}), "loss_params": cls.params,
            "noise": {"base": NOISE, "calls": CALLS}, "tensors": run.tensors,
            "tensor_count": len(run.parameters()), "parameters": sum(p.numel() for p in run.parameters()),
        }
        described |= cls.extra
        if cls.base:
            described["base"] = cls.base
        if cls.target_parts:
            described |= {"ema_momentum": cls.momentum, "target_init": {part: {"copy": True} for part in cls.target_parts}}
        if cls.bank:
            described["bank"] = {"gen": "G", "s": 3, "shape": [cls.bank, cls.sizes["out"]], "rownorm": True, "ptr": 0}
        return rounded(described | results | {"torch_f32": {
            "loss_abs_err": [abs(a - b) for a, b in zip(f32["loss"], results["loss"])],
            "grad_norm_rel_err": [abs(a - b) / b for a, b in zip(f32["grad_norm"], results["grad_norm"])]}})

    def check(self):
        pass


class MoCoV3(Run):
    method, target_parts, params = "MoCoV3", ("backbone", "projection"), {"temperature": 0.2}

    def both(self, q0, q1):
        return 2 * 0.2 * (info_nce(q0, self.k[1], 0.2) + info_nce(q1, self.k[0], 0.2))

    def mixed(self, m):
        return self.both(m, m)

    def outputs(self, seen):
        return [self.online["prediction"](z) for z in [self.project(x) for x in seen]]

    def loss(self, mixtures=()):
        q = self.outputs(self.views + list(mixtures))
        self.k = self.keys()
        self.mixtures = q[2:]
        return self.both(q[0], q[1])


class BYOL(MoCoV3):
    method, params = "BYOL", {}

    def both(self, p0, p1):
        return (negative_cosine(p0, self.k[1]) + negative_cosine(p1, self.k[0])) / 2


class SimCLR(Run):
    method, params = "SimCLR", {"temperature": 0.5}

    def more(self):
        pass

    def mixed(self, m):
        return nt_xent(m, self.z[1], 0.5)

    def loss(self, mixtures=()):
        self.z = [self.project(x) for x in self.views + list(mixtures)]
        self.mixtures = self.z[2:]
        return nt_xent(self.z[0], self.z[1], 0.5)


class SimSiam(Run):
    method = "SimSiam"

    def mixed(self, m):
        z, p = m[:, :self.sizes["out"]], m[:, self.sizes["out"]:]
        return (negative_cosine(self.p[1], z.detach()) + negative_cosine(p, self.z[1].detach())) / 2

    def loss(self, mixtures=()):
        self.z = [self.project(x) for x in self.views + list(mixtures)]
        self.p = [self.online["prediction"](z) for z in self.z]
        self.mixtures = [torch.cat([z, p], 1) for z, p in zip(self.z[2:], self.p[2:])]
        return (negative_cosine(self.p[1], self.z[0].detach()) + negative_cosine(self.p[0], self.z[1].detach())) / 2


class MoCo(Run):
    method, target_parts, bank = "MoCo", ("backbone", "projection"), 64

    def more(self):
        pass

    def order(self):
        return self.views[::-1]

    def mixed(self, m):
        return (bank_loss(m, self.k[0], self.before, 0.1) + bank_loss(m, self.k[1], self.before, 0.1)) / 2

    def loss(self, mixtures=()):
        q = [self.project(x) for x in self.views + list(mixtures)]
        self.k = [F.normalize(k, dim=1) for k in self.keys()]
        self.before, self.mixtures = self.queue, q[2:]
        first = bank_loss(q[0], self.k[0], self.queue, 0.1)
        self.enqueue(self.k[0])
        second = bank_loss(q[1], self.k[1], self.queue, 0.1)
        self.enqueue(self.k[1])
        return (first + second) / 2


class TiCo(Run):
    name, method, target_parts = f"cifar_head/TiCo/symmetric/w{WIDTH}", "TiCo", ("backbone", "projection")
    params = {"beta": 0.9, "rho": 8.0, "symmetric": 1}
    extra = {"covariance": {"start": 0.0}}

    def more(self):
        self.covariance = torch.zeros(self.sizes["out"], self.sizes["out"], dtype=self.dtype)

    def order(self):
        return self.views[::-1]

    def one(self, z, k):
        z, k = F.normalize(z, dim=1), F.normalize(k, dim=1)
        self.covariance = (0.9 * self.covariance + 0.1 * z.T @ z / len(z)).detach()
        return 1 - (z * k).sum(1).mean() + 8 * (z @ self.covariance * z).sum(1).mean()

    def loss(self):
        z = [self.project(x) for x in self.views]
        k = self.keys()
        return sum(self.one(a, b) for a, b in zip(z, k)) / 2

    def finish(self, lists):
        super().finish(lists)
        self.results["state_after"] = {"covariance": self.summary(self.covariance)}


def unmix(kind):
    """The method with mixtures, by Un-Mix's algorithm 1."""

    class UnMix(kind):
        name, method, base = f"cifar_head/UnMix/{kind.method}/w{WIDTH}", "UnMix", kind.method
        params = kind.params | {"global": 0.5}

        def loss(self):
            chosen, own, row, column = (float(x) for x in self.noise((1, 4))[0])
            x = self.views[0]
            other, mixed = x.flip(0), x.clone()
            if chosen < 0.5:
                mixed = own * x + (1 - own) * other
            else:
                half = math.floor(SIZE * math.sqrt(1 - own)) // 2
                y, z = math.floor(SIZE * row), math.floor(SIZE * column)
                top, bottom, left, right = max(y - half, 0), min(y + half, SIZE), max(z - half, 0), min(z + half, SIZE)
                mixed[:, :, top:bottom, left:right] = other[:, :, top:bottom, left:right]
                own = 1 - (bottom - top) * (right - left) / SIZE**2
            value = super().loss([mixed])
            m = self.mixtures[0]
            return value + own * self.mixed(m) + (1 - own) * self.mixed(m.flip(0))

    return UnMix


class All4One(Run):
    method, target_parts, bank = "All4One", ("backbone", "projection"), 64
    params = {"temperature": 0.2, "centroid_temperature": 0.1, "neighbours": 5, "depth": 2, "heads": 4, "encoder_hidden": 64,
              "dropout": 0.1, "neighbour": 0.5, "centroid": 0.5, "feature": 5}

    def more(self):
        super().more()
        s, p = self.sizes, self.params
        self.online["centroid_prediction"] = mlp(s["out"], s["prediction"], s["pred_hidden"], s["out"])
        self.online["encoder"] = nn.Sequential(*[Layer(s["out"], p["heads"], p["encoder_hidden"]) for _ in range(p["depth"])])

    def check(self):
        for layer in self.online["encoder"]:
            layer.check()

    def drop(self, y):
        rate = self.params["dropout"]
        return y * (self.noise(y.shape) >= rate) / (1 - rate)

    def positions(self, tokens, width):
        table = np.zeros((tokens, width))
        for t in range(tokens):
            angle = np.arange(width) * 10000 ** (-(t - t % 2) / (tokens + tokens % 2))
            table[t] = np.cos(angle) if t % 2 else np.sin(angle)
        return self.tensor(table)

    def alignment(self, pairs):
        c = torch.stack([F.normalize(t, dim=0).T @ F.normalize(z, dim=0) for t, z in pairs])
        diagonal = torch.eye(c.shape[1], dtype=torch.bool).expand_as(c)
        return (((c[diagonal] - 1) ** 2).mean().sqrt() + (c[~diagonal] ** 2).mean().sqrt()) / 2

    def loss(self):
        q = self.params
        z = [self.project(x) for x in self.views]
        p = [self.online["prediction"](x) for x in z]
        t = [F.normalize(k, dim=1) for k in self.keys()]
        near = [self.queue[(x @ F.normalize(self.queue, dim=1).T).topk(q["neighbours"], dim=1)[1]] for x in t]
        self.enqueue(t[0])
        guess = [self.online["centroid_prediction"](x) for x in z]
        sequences = near + [torch.cat([x[:, None], n[:, :-1]], 1) for x, n in zip(guess, near)]
        y = torch.cat(sequences)
        y = y + self.positions(*y.shape[1:])
        for layer in self.online["encoder"]:
            y = layer(y, self.drop)
        c0, c1, s0, s1 = y[:, 0].chunk(4)
        neighbour = (info_nce(near[0][:, 0], p[1], q["temperature"]) + info_nce(near[1][:, 0], p[0], q["temperature"])) / 2
        centroid = (info_nce(c0, s1, q["centroid_temperature"]) + info_nce(c1, s0, q["centroid_temperature"])) / 2
        feature = self.alignment([(t[0], z[1]), (t[1], z[0])])
        return q["neighbour"] * neighbour + q["centroid"] * centroid + q["feature"] * feature


def rounded(x):
    """Numbers with twelve digits."""
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(v) for v in x]
    return float(f"{x:.12g}") if isinstance(x, float) else x


def write(folder, name, what, kinds):
    text = json.dumps({"source": {"what": what, "torch": torch.__version__}, "cases": [k.case() for k in kinds]}, indent=1)
    (pathlib.Path(folder) / name).write_text(text + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write(sys.argv[1], "method_mocov3.json", "whole training steps: MoCoV3", [MoCoV3])
    write(sys.argv[1], "method_unmix.json", "whole training steps: Un-Mix with five methods",
          [unmix(k) for k in (MoCo, SimCLR, SimSiam, BYOL, MoCoV3)])
    write(sys.argv[1], "method_tico_symmetric.json", "whole training steps: TiCo in both directions", [TiCo])
    write(sys.argv[1], "method_all4one.json", "whole training steps: All4One", [All4One])

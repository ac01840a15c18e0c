"""What PyTorch and ONNX Runtime make of sslkit's files, and they of theirs.

    reference.py make                               write standard.* and cifar.*, the files beside this one
    reference.py statedict NAME FILE …              write the state dict of torchvision.models.NAME, with statistics
    reference.py features FILE IMAGES FEATURES …    embed images with a file of sslkit's, or with resnet18's state dict
    reference.py onnx FILE IMAGES FEATURES …        the same by ONNX Runtime
    reference.py vit FILE IMAGES FEATURES …         write what VITS has under FILE's base name, and the features

IMAGES has a tensor "images", uint8 [n, height, width, 3]; FEATURES gets a tensor "features", float64 [n, dim].
Behind a first word "timm" that module must be there, too. Without a command nothing is done. The exit status is 3 if
a module is missing.
"""

import importlib.util
import json
import pathlib
import sys

NEEDED = ["torch", "torchvision", "safetensors", "onnx", "onnxruntime"]
if sys.argv[1:2] == ["timm"]:
    NEEDED.append(sys.argv.pop(1))
MISSING = [m for m in NEEDED if not importlib.util.find_spec(m)]
if MISSING or len(sys.argv) == 1:
    print("missing modules:", *MISSING)
    sys.exit(3 if MISSING else 0)

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
HERE = pathlib.Path(__file__).parent


def network(width, blocks, large_stem, stem_relu, final_conv=False):
    """torchvision's ResNet, with as many blocks and channels as wanted."""
    from torchvision.models.resnet import BasicBlock, ResNet

    net = ResNet(BasicBlock, [1, 1, 1, 1])
    net.inplanes = width
    net.conv1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False)
    net.bn1 = torch.nn.BatchNorm2d(width)
    for stage in range(4):
        layer = torch.nn.Identity()
        if stage < len(blocks):
            layer = net._make_layer(BasicBlock, width << stage, blocks[stage], stride=2 if stage else 1)
        setattr(net, f"layer{stage + 1}", layer)
    if not large_stem:
        net.conv1 = torch.nn.Conv2d(3, width, 3, 1, 1, bias=False)
        net.maxpool = torch.nn.Identity()
    if not stem_relu:
        net.relu = torch.nn.Identity()
    net.fc = torch.nn.Identity()
    if final_conv:
        features = width << (len(blocks) - 1)
        net.final_conv = torch.nn.Conv2d(features, features, 1)
        net.avgpool = torch.nn.Sequential(net.avgpool, net.final_conv)
    return net


def timms(about):
    """timm's transformer of a file of sslkit's, for images of any size, without a classifier."""
    from timm.models.vision_transformer import VisionTransformer

    v = about["backbone"]["ViT"]
    return VisionTransformer(
        img_size=v["patch"] * v["grid"], patch_size=v["patch"], embed_dim=v["width"], depth=v["depth"], num_heads=v["heads"],
        mlp_ratio=v["mlp"] / v["width"], num_classes=0, dynamic_img_size=True,
    )


def transformer(library, heads, width=64):
    """A transformer of two blocks with a classifier, for images of 16 pixels."""
    if library == "timm":
        from timm.models.vision_transformer import VisionTransformer

        return VisionTransformer(img_size=16, patch_size=4, embed_dim=width, depth=2, num_heads=heads, mlp_ratio=1.5, num_classes=5)
    from torchvision.models import VisionTransformer

    return VisionTransformer(16, 4, 2, heads, width, width * 3 // 2, num_classes=5)


def without_classifier(net):
    name = "heads" if hasattr(net, "heads") else "head"
    setattr(net, name, torch.nn.Identity())
    return net


def dino(net, other):
    """A checkpoint as DINO's program writes it: student and teacher, an optimizer, the command line."""
    import argparse

    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.zeros(1, 3, 16, 16)).sum().backward()
    optimizer.step()
    named = lambda prefix, net: {prefix + k: v for k, v in net.state_dict().items() if not k.startswith("head.")}
    head = {"head.mlp.0.weight": torch.ones(2, 64)}
    return {
        "student": named("module.backbone.", net) | {"module." + k: v for k, v in head.items()},
        "teacher": named("backbone.", other) | head,
        "optimizer": optimizer.state_dict(), "epoch": 3, "args": argparse.Namespace(arch="vit_small"),
    }


def mae(net):
    """A checkpoint as MAE's program writes it: the decoder beside the encoder."""
    beside = {"mask_token": torch.ones(1, 1, 32), "decoder_embed.weight": torch.ones(32, 64), "decoder_pos_embed": torch.ones(1, 17, 32)}
    return {"model": {k: v for k, v in net.state_dict().items() if not k.startswith("head.")} | beside}


VITS = {  # file: network of which the features are, and what the file has
    "timm.safetensors": (("timm", 1), lambda net, other: net.state_dict()),
    "heads.safetensors": (("timm", 4), lambda net, other: net.state_dict()),
    "torchvision.safetensors": (("torchvision", 2), lambda net, other: net.state_dict()),
    "lightly.safetensors": (("torchvision", 1), lambda net, other: {
        "backbone.vit." + k: v for k, v in net.state_dict().items() if not k.startswith("heads.")
    } | {"backbone.mask_token": torch.ones(1, 1, 64)}),
    "first.safetensors": (("torchvision", 1), lambda net, other: {
        k.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): v for k, v in net.state_dict().items()
    }),
    "dino.pth": (("timm", 1), dino),
    "mae.pth": (("timm", 1), lambda net, other: mae(net)),
}


def vit(file, images):
    torch.manual_seed(2)
    what, contents = VITS[pathlib.Path(file).name]
    net, other = shaken(transformer(*what)), shaken(transformer(*what))
    weights = contents(net, other)
    if file.endswith(".pth"):
        torch.save(weights, file)
    else:
        save_file(weights, file)
    return embed(without_classifier(net), images, **IMAGENET)


def shaken(net):
    """The network with statistics, scales, shifts, tokens and biases that are not those of a new one."""
    if hasattr(net, "hidden_dim") or hasattr(net, "embed_dim"):
        for p in net.parameters():
            p.data += 0.05 * torch.randn_like(p)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    return net


def embed(net, images, mean, std):
    x = images.permute(0, 3, 1, 2).double() / 255
    x = (x - torch.tensor(mean).double()[:, None, None]) / torch.tensor(std).double()[:, None, None]
    with torch.no_grad():
        return net.double().eval()(x)


def features(file, images):
    with safe_open(file, "pt") as opened:
        about = (opened.metadata() or {}).get("sslkit")
    weights = load_file(file)
    if about is None:
        from torchvision.models import resnet18

        net, about = resnet18(), IMAGENET
        net.load_state_dict(weights)
        net.fc = torch.nn.Identity()
    elif "ViT" in json.loads(about)["backbone"]:
        about = json.loads(about)
        net = timms(about)
        net.load_state_dict(weights, strict=True)
    else:
        about = json.loads(about)
        b = about["backbone"]
        net = network(b["width"], b["blocks"], b["large_stem"], b["stem_relu"], b["final_conv"])
        if b["width"] == 64 and b["blocks"] == [2, 2, 2, 2] and b["large_stem"] and b["stem_relu"] and not b["final_conv"]:
            from torchvision.models import resnet18  # as the documentation says

            net = resnet18()
            net.fc = torch.nn.Identity()
        if b["final_conv"]:  # known under two names here
            weights |= {"avgpool.1." + k: weights["final_conv." + k] for k in ("weight", "bias")}
        net.load_state_dict(weights)
    return embed(net, images, about["mean"], about["std"])


def by_onnx_runtime(file, images):
    import numpy
    import onnx
    import onnxruntime

    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    x = (images.permute(0, 3, 1, 2).float() / 255).numpy()
    run = lambda batch: torch.from_numpy(session.run(["features"], {"images": batch})[0]).double()
    if isinstance(session.get_inputs()[0].shape[2], str):  # height and width may be any, but of a transformer
        wide = run(numpy.concatenate([x[:, :, :-1]] * 2, axis=3))
        assert wide.shape[0] == len(x) and wide.isfinite().all(), wide
    return torch.cat([run(x[:1]), run(x[1:])])  # two lengths of the batch


def make():
    torch.manual_seed(0)
    images = torch.randint(0, 256, (3, 16, 16, 3), dtype=torch.uint8)
    for name, net in [
        ("standard", network(4, [1, 1], large_stem=True, stem_relu=True)),
        ("cifar", network(4, [1, 2], large_stem=False, stem_relu=False)),
    ]:
        weights = shaken(net).state_dict()
        if name == "standard":
            weights = weights | {"fc.weight": torch.randn(5, 8), "fc.bias": torch.randn(5)}
        save_file(weights, HERE / f"{name}.safetensors")
        outcome = {"images": images, "features": embed(net, images, **IMAGENET)}
        save_file(outcome, HERE / f"{name}.features.safetensors")


def main(command, *args):
    if command == "make":
        make()
    elif command == "statedict":
        import torchvision

        torch.manual_seed(1)
        for name, file in zip(args[0::2], args[1::2]):
            save_file(shaken(getattr(torchvision.models, name)()).state_dict(), file)
    elif command in ("features", "onnx", "vit"):
        run = {"features": features, "onnx": by_onnx_runtime, "vit": vit}[command]
        for file, images, outcome in zip(args[0::3], args[1::3], args[2::3]):
            found = run(file, load_file(images)["images"])
            save_file({"features": found.contiguous()}, outcome)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])

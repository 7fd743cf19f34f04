"""The script people write: ImageFolder, Pillow, transforms one image at a time, float32, a DataLoader. One JSON line an epoch.

ResNet18 with layer4 and fc trained by Adam on weighted cross-entropy, light augmentation, plateau schedule, best epoch kept: the
recipe that dermai-train has as its default.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch import nn
from torch.utils.data import DataLoader

from dermai_report.train.torchvision_compat import torchvision

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def transform(side: int, train: bool) -> object:
    t = torchvision.transforms
    light = [t.RandomHorizontalFlip(), t.RandomRotation(15, t.InterpolationMode.BILINEAR), t.ColorJitter(0.2, 0.2, 0.2)]
    return t.Compose([t.Resize((side, side)), *(light if train else []), t.ToTensor(), t.Normalize(MEAN, STD)])


def build(classes: int, weights: str) -> nn.Module:
    net = torchvision.models.resnet18()
    if weights != "none":
        state = torch.load(weights, weights_only=True)
        net.load_state_dict({k: v for k, v in state.items() if not k.startswith("fc.")}, strict=False)
    net.requires_grad_(False)
    net.layer4.requires_grad_(True)
    net.fc = nn.Linear(512, classes)
    return net


def evaluate(net: nn.Module, loader: DataLoader) -> tuple[float, float]:
    net.eval()
    loss, hits, n = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = net(images)
            loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            hits += (logits.argmax(1) == labels).sum().item()
            n += len(labels)
    return loss / n, hits / n


def train_epoch(net: nn.Module, loader: DataLoader, criterion: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    net.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--weights", default="none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    print(json.dumps({"best": run(parser.parse_args())}))


def run(options: argparse.Namespace) -> dict[str, float]:
    torch.manual_seed(options.seed)
    sets = {
        s: torchvision.datasets.ImageFolder(str(options.data / s), transform(options.side, s == "train"))
        for s in ("train", "val")
    }
    loaders = {s: DataLoader(d, options.batch_size, shuffle=s == "train") for s, d in sets.items()}
    counts = torch.bincount(torch.tensor(sets["train"].targets)).float()
    criterion = nn.CrossEntropyLoss(counts.sum() / (len(counts) * counts))
    net = build(len(counts), options.weights)
    optimizer = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
    best = float("inf")
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        train_epoch(net, loaders["train"], criterion, optimizer)
        middle = time.perf_counter()
        loss, accuracy = evaluate(net, loaders["val"])
        end = time.perf_counter()
        scheduler.step(loss)
        if loss < best:
            best = loss
            torch.save(net.state_dict(), options.out)
        rates = {"train": len(sets["train"]) / (middle - start), "val": len(sets["val"]) / (end - middle)}
        print(json.dumps({"epoch": epoch, "loss": loss, "accuracy": accuracy, "rates": rates}), file=sys.stderr, flush=True)
    net.load_state_dict(torch.load(options.out, weights_only=True))
    loss, accuracy = evaluate(net, loaders["val"])
    return {"loss": loss, "accuracy": accuracy}


if __name__ == "__main__":
    main()

"""How a phase computes: pictures go through the frozen part once, what comes out goes through the trained part.

With frozen BatchNorm in evaluation mode the frozen part is a fixed function of a picture. It then needs no gradients, fewer and
larger operations do (`fused`), and what it makes of validation and test pictures is kept, so that from the second time on an
evaluation costs the trained part alone. With frozen_bn "train" its statistics move with every batch, as in the script people
write: nothing is fixed, the trained part is the whole network, and its input are the pictures themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from dermai_report.train import distributed, fused
from dermai_report.train.batches import evaluation_batches
from dermai_report.train.bypass import without
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import Images
from dermai_report.train.gradients import weight_gradients
from dermai_report.train.model import Classifier
from dermai_report.train.precision import Precision, choose, computing_in
from dermai_report.train.storage import Storage
from dermai_report.train.workers import in_pieces

BATCH = 64  # images an evaluation batch; bigger ones were slower on processors: they leave the cache


@dataclass(frozen=True)
class Engine:
    """The two parts in one phase. `frozen` is None where the trained part takes pictures."""

    frozen: fused.Forward | None
    trained: nn.Module
    evaluated: nn.Module
    precision: Precision
    device: torch.device
    storage: Storage
    kept: dict[Images, Tensor] = field(default_factory=dict)
    shares: dict[Images, Images] = field(default_factory=dict)

    def features(self, images: Tensor) -> Tensor:
        """What the trained part takes, from normalised images (n, 3, side, side)."""
        if self.frozen is None:
            return images
        return in_pieces(self.frozen, images)

    def logits(self, features: Tensor) -> Tensor:
        """(n, classes) float32, with gradients for the trained part."""
        with computing_in(self.precision, self.device), weight_gradients(self.precision, self.device):
            out: Tensor = self.trained(features)
        return out.float()

    @torch.inference_mode()
    def evaluate(self, features: Tensor) -> Tensor:
        """(n, classes) float32 of the network that is evaluated, which the caller has put into evaluation mode."""
        with computing_in(self.precision, self.device):
            out: Tensor = self.evaluated(features)
        return out.float()

    def evaluation_features(self, images: Images) -> Iterator[Tensor]:
        """Batches of what `evaluate` takes, in order, of this process's share; made once and kept where the frozen part is fixed."""
        images = self.shares.setdefault(images, images.part(distributed.share(len(images))))
        if self.frozen is None:
            yield from evaluation_batches(images, BATCH, self.device)
            return
        made = self.kept.get(images)
        if made is None:
            made = self.kept[images] = self.store(images, evaluation_batches(images, BATCH, self.device))
        for part in torch.split(made, BATCH):
            yield self.loaded(part)

    def loaded(self, stored: Tensor) -> Tensor:
        """A part of what `store` gave, as the trained part takes it."""
        stored = stored.to(self.device)
        return stored.permute(0, 3, 1, 2) if stored.dim() == 4 else stored

    def store(self, images: Images, batches: Iterator[Tensor]) -> Tensor:
        """Features of all of these batches, in one array in the order of memory (n, height, width, channels)."""
        stored, done = None, 0
        for batch in batches:
            features = self.features(batch)
            if features.dim() == 4:
                features = features.permute(0, 2, 3, 1)  # torch's channels_last, seen as it lies in memory
            if stored is None:
                stored = self.storage.array((len(images), *features.shape[1:]), features.dtype)
            stored[done : done + len(features)] = features
            done += len(features)
        return stored if stored is not None else torch.empty(0)


def build_engine(
    model: Classifier, average: nn.Module | None, config: TrainConfig, device: torch.device, storage: Storage
) -> Engine:
    """The engine of the present phase. The groups before the first trainable one are its frozen part.

    A moving average of the weights shares it: frozen weights are their own average.
    """
    precision = choose(config.precision, device)
    evaluated = average if average is not None else model.net
    modules = model.frozen_modules() if config.frozen_bn == "eval" else []
    if not modules:
        return Engine(None, distributed.together(model.net, device), evaluated, precision, device, storage)
    trained = without(model.net, modules)
    if average is not None:
        names = {id(module): name for name, module in model.net.named_modules()}
        evaluated = without(average, [average.get_submodule(names[id(module)]) for module in modules])
    else:
        evaluated = trained
    for module in modules:
        module.eval()
    return Engine(
        frozen=_frozen_part(modules, precision, device, config.image_size or 224),
        trained=distributed.together(trained, device),
        evaluated=evaluated,
        precision=precision,
        device=device,
        storage=storage,
    )


def _frozen_part(modules: list[nn.Module], precision: Precision, device: torch.device, side: int) -> fused.Forward:
    if device.type == "cpu":
        trial = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 4 - 2
        forward = fused.fuse(modules, trial.contiguous(memory_format=torch.channels_last), precision)
        if forward is not None:
            return torch.inference_mode()(forward)
    return lambda images: fused.apply(modules, images, precision)

"""The data of a training: every picture decoded, split, and checked before anything else happens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from dermai_report.audit import Audit
from dermai_report.datasets.audit import silent
from dermai_report.datasets.folds import validate_by
from dermai_report.datasets.grouping import straddling
from dermai_report.datasets.items import SPLITS, Collection, Item, count, fingerprint
from dermai_report.datasets.opening import Wish, open_data
from dermai_report.datasets.splitting import hold_out
from dermai_report.errors import DermaiError
from dermai_report.run import Data
from dermai_report.train import auditing, machine
from dermai_report.train.config import TrainConfig
from dermai_report.train.pixels import Decoded, decode_all
from dermai_report.train.storage import Storage


@dataclass(frozen=True, eq=False)
class Images:
    """One split: rows (n,) of the pixels that all splits share, labels int64 (n,), and the identifier of each picture.

    store: uint8 (m, side, side, 3), in memory or mapped from a file; groups: what belongs together, where it is known; columns:
    what else is known of each picture. Compared and hashed by identity.
    """

    store: Tensor
    rows: Tensor
    labels: Tensor
    samples: tuple[str, ...]
    groups: tuple[str, ...] | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Pictures in the split."""
        return len(self.samples)

    @property
    def pixels(self) -> Tensor:
        """A copy of all the pixels, uint8 (n, side, side, 3): only for few pictures."""
        return self.store[self.rows]

    def take(self, places: Tensor) -> Tensor:
        """The pixels of these pictures of the split."""
        return self.store[self.rows[places]]

    def part(self, where: slice) -> Images:
        """The pictures at consecutive places; itself where that is all of them."""
        if where == slice(0, len(self)):
            return self
        return Images(self.store, self.rows[where], self.labels[where], self.samples[where])

    def sample(self, n: int, seed: int) -> Images:
        """n of the pictures, drawn without replacement by a seed; all of them when there are not more."""
        places = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))[:n].sort().values
        samples = tuple(self.samples[p] for p in places.tolist())
        return Images(self.store, self.rows[places], self.labels[places], samples)


@dataclass(frozen=True)
class DataSet:
    """All splits; `test` is None where the folder has none and none was to be held out, `audit` where none was asked for."""

    classes: tuple[str, ...]
    image_size: int
    train: Images
    val: Images
    test: Images | None
    facts: Data
    held_out: tuple[str, ...] = ()
    audit: Audit | None = None

    def size_of(self, split: str) -> int:
        """Pictures in a split."""
        return sum(self.facts.counts.get(split, {}).values())


def load_data(config: TrainConfig, progress: Callable[[str, int], Callable[[], None]] | None = None) -> DataSet:
    """The data set that the configuration names, decoded and split.

    progress(title, total) returns what is called after each picture. Raises DermaiError for what cannot be trained on.
    """
    collection = open_data(wish_of(config), progress)
    fractions = {"val": 0 if config.folds else config.val_fraction, "test": config.test_fraction}
    check_classes(collection.items, collection.source)
    held_out = tuple(s for s, f in fractions.items() if f > 0 and s not in {i.split for i in collection.items})
    seed = config.seed if config.split_seed is None else config.split_seed
    items = hold_out(collection.items, fractions, seed)
    if config.folds:
        items = validate_by(items, config.fold, config.folds, config.seed)
    items.sort(key=lambda item: SPLITS.index(item.split))
    collection = replace(collection, items=items)
    side = config.image_size or collection.image_size
    decoded = decode_all(
        collection,
        side,
        skip_bad=config.skip_bad_images,
        count=progress or silent,
        storage=storage_of(config),
        folder=machine.cache_folder(config),
    )
    check_readable(items, decoded.items)
    check_classes(decoded.items, collection.source)
    audit = auditing.audit(decoded, collection.source, progress or silent) if config.audit else None
    return replace(_data_set(decoded, collection, side, held_out), audit=audit)


def wish_of(config: TrainConfig) -> Wish:
    """Which pictures the configuration asks for, and what of them belongs together."""
    return Wish(
        data=config.data,
        root=config.data_root,
        exclude=config.exclude_class,
        only=config.only_classes,
        metadata=config.metadata,
        group_column=config.group_column,
        group_regex=config.group_regex,
        duplicates_together=config.split_duplicates_together,
    )


def storage_of(config: TrainConfig) -> Storage:
    """Room for large arrays as configured; beyond it in the cache folder, or the system's for temporary files."""
    return Storage(config.cache_memory * 2**20, machine.cache_folder(config) or Path(tempfile.gettempdir()))


def check_readable(items: Sequence[Item], readable: Sequence[Item]) -> None:
    """Raise DermaiError for a class all of whose pictures were left out as unreadable: it must not vanish in silence."""
    lost = sorted({item.label for item in items} - {item.label for item in readable})
    if lost:
        n = sum(item.label == lost[0] for item in items)
        raise DermaiError(f"class {lost[0]!r}: none of its {n} images can be read", "mend the files, or remove the folder")


def shared_content(items: Sequence[Item], digests: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Pairs of pictures with the same bytes in two splits, by the splits ("train-test"); each later picture once."""
    first: dict[tuple[str, str], str] = {}
    for item, digest in zip(items, digests, strict=True):
        first.setdefault((digest, item.split), item.sample)
    pairs: dict[str, list[tuple[str, str]]] = {}
    for item, digest in zip(items, digests, strict=True):
        for split in SPLITS[: SPLITS.index(item.split)]:
            if (digest, split) in first:
                pairs.setdefault(f"{split}-{item.split}", []).append((first[digest, split], item.sample))
    return pairs


def check_classes(items: Sequence[Item], source: str) -> None:
    """Raise DermaiError unless there are two classes, each with pictures in every split."""
    counts = count(items)
    everywhere = {item.label for item in items}
    for split, of_split in counts.items():
        missing = sorted(everywhere - set(of_split))
        if missing:
            present = next(s for s in counts if missing[0] in counts[s])
            raise DermaiError(
                f"class {missing[0]!r} has images in {present} but none in {split} ({source})",
                f"every class needs images in {', '.join(counts)}; add some, or remove the class everywhere",
            )
    if len(everywhere) < 2:
        raise DermaiError(
            f"{source} has {'a single class, ' + repr(min(everywhere)) if everywhere else 'no images'}",
            "a classifier needs at least two folders of images, one for each class",
        )


def _data_set(decoded: Decoded, collection: Collection, side: int, held_out: tuple[str, ...]) -> DataSet:
    classes = tuple(sorted({item.label for item in decoded.items}))
    facts = Data(
        counts=count(decoded.items),
        excluded={name: dict(left_out.counts) for name, left_out in collection.excluded.items()},
        straddling=straddling(decoded.items) if groups_of(decoded.items) else None,
        restore={name: left_out.restore for name, left_out in collection.excluded.items()},
        unreadable=[item.sample for item, _ in decoded.unreadable],
        duplicates=shared_content(decoded.items, decoded.digests),
        fingerprint=fingerprint(decoded.items, decoded.digests),
        source=collection.source,
    )
    train, val, test = (_images(decoded, classes, split, collection.columns) for split in SPLITS)
    return DataSet(classes, side, train, val, test if len(test) else None, facts, held_out)


def _images(decoded: Decoded, classes: tuple[str, ...], split: str, columns: Sequence[str]) -> Images:
    places = [n for n, item in enumerate(decoded.items) if item.split == split]
    items = [decoded.items[n] for n in places]
    return Images(
        store=decoded.store,
        rows=torch.tensor([decoded.rows[n] for n in places], dtype=torch.int64),
        labels=torch.tensor([classes.index(item.label) for item in items], dtype=torch.int64),
        samples=tuple(item.sample for item in items),
        groups=groups_of(items),
        columns={name: tuple(item.extra[n] for item in items) for n, name in enumerate(columns)},
    )


def groups_of(items: Sequence[Item]) -> tuple[str, ...] | None:
    """The group of each item, None where none has one; an item without a group is one of its own."""
    return tuple(i.group or i.sample for i in items) if any(i.group is not None for i in items) else None

"""An audit: what is in a data set and what is wrong with it, as facts. `dermai-data audit` and `dermai-train` write it, reports read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

# History of audit.json:
#   1  the first
FORMAT = 1

Copy = Literal["same bytes", "near duplicate"]
Poverty = Literal["tiny", "blank", "dark", "bright", "blurred"]


class Image(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture: its path below the data folder, its class and its split."""

    sample: str
    label: str
    split: str


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture that cannot be decoded whole, and why."""

    image: Image
    reason: str


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Two pictures that are copies.

    agreement: the correlation of their details once one is laid over the other (1 for the same bytes); mirrored: whether one
    had to be turned left to right for that.
    """

    first: Image
    second: Image
    kind: Copy
    agreement: float = 1.0
    mirrored: bool = False

    @property
    def across_splits(self) -> bool:
        """Whether one is on the other side of a split."""
        return self.first.split != self.second.split

    @property
    def across_classes(self) -> bool:
        """Whether they have different labels, one of which is wrong."""
        return self.first.label != self.second.label


class Poor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture that shows little, why, and the number that says so (docs/run-format.md says which)."""

    image: Image
    why: Poverty
    value: float


class Straddling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group with pictures in several splits: their paths by split."""

    group: str
    samples: dict[str, list[str]]


class Groups(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What belongs together (a patient, a lesion, a source image): n groups, pictures without one, and the straddling groups."""

    n: int
    without: int = 0
    straddling: list[Straddling] = []


class Suspect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture whose label a model contradicts with confidence, on an image that it was not trained on."""

    image: Image
    suggested: str


class Labels(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Label suspicion: whose predictions, of how many pictures, the suspects (most suspicious first), and how many right
    labels and calibrated probabilities would give (`expected`).
    """

    by: str
    n: int
    expected: float
    suspects: list[Suspect] = []


class Size(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pictures of one width and height in pixels."""

    width: int
    height: int
    n: int


class Audit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """audit.json.

    n: pictures looked at; counts: of them per split and class; fingerprint: a digest that changes when any picture does; kinds:
    pictures by format and mode ("JPEG RGB"); sizes: the most frequent first, at most 20 of them; n_sizes: how many there are;
    duplicates: for each picture its closest copy in each split and class; clusters: pictures that copies connect, as paths;
    compared: how many pictures were looked at for near duplicates (not the tiny, the flat, and the unreadable); crowded: of how
    many of them not all that look alike were looked at, so that there may be more copies, and larger clusters; notes: what was
    not looked at.
    """

    format: int = FORMAT
    source: str
    n: int
    counts: dict[str, dict[str, int]]
    fingerprint: str | None = None
    unreadable: list[Unreadable] = []
    kinds: dict[str, int] = {}
    sizes: list[Size] = []
    n_sizes: int = 0
    duplicates: list[Pair] = []
    clusters: list[list[str]] = []
    compared: int = 0
    crowded: int = 0
    poor: list[Poor] = []
    groups: Groups | None = None
    labels: Labels | None = None
    notes: list[str] = []

    def across_splits(self) -> Iterator[Pair]:
        """The copies in two splits, training first, by the order of the splits."""
        return (pair for pair in self.duplicates if pair.across_splits)

    def leaked(self, split: str = "test") -> set[str]:
        """The pictures of a split of which a copy is in another one."""
        pairs = list(self.across_splits())
        return {image.sample for pair in pairs for image in (pair.first, pair.second) if image.split == split}

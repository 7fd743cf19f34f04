"""The audit of the pictures that are trained on, from the pixels that training has decoded anyway."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from PIL import Image

from dermai_report.audit import Audit
from dermai_report.datasets.audit import Progress, assemble, find_duplicates
from dermai_report.datasets.audit.facts import Look, gather
from dermai_report.datasets.audit.glance import glance
from dermai_report.train.pixels import Decoded


def audit(decoded: Decoded, source: str, progress: Progress) -> Audit:
    """What is wrong with the pictures, the unreadable ones that were left out included."""
    items = [*decoded.items, *(item for item, _ in decoded.unreadable)]
    facts = gather(items, _looks(decoded))
    return assemble(source, facts, find_duplicates(facts, progress("looking for copies", len(facts)), torch.get_num_threads()))


def _looks(decoded: Decoded) -> Iterator[Look]:
    for digest, header, row in zip(decoded.digests, decoded.headers, decoded.rows, strict=True):
        yield Look(digest, header, glance(Image.fromarray(decoded.store[row].numpy())))
    for _, fault in decoded.unreadable:
        yield Look("", None, None, fault)

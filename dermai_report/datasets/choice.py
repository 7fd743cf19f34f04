"""Leave classes out of a data set for one training, without touching its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dermai_report.datasets.items import Collection, LeftOut, count
from dermai_report.errors import DermaiError, unknown_name


def choose(collection: Collection, exclude: Sequence[str] = (), only: Sequence[str] = ()) -> Collection:
    """The collection without the classes `exclude`, or with none but `only`; those left out are counted in its `excluded`.

    Raises DermaiError for a class that is not there, with the nearest name.
    """
    if exclude and only:
        raise DermaiError("exclude_class and only_classes were both given", "one says it all")
    present = {item.label for item in collection.items}
    for name in (*exclude, *only):
        if name in collection.excluded:
            raise DermaiError(
                f"class {name!r} is set aside in {collection.source} already",
                f"leave it out of the option, or bring it back: {collection.excluded[name].restore}",
            )
        if name not in present:
            error = unknown_name("class", name, present)
            raise DermaiError(f"{error.message} in {collection.source}", error.hint)
    out = set(exclude) if exclude else present - set(only) if only else set()
    restore = f"train without {'--exclude-class' if exclude else '--only-classes'}"
    counts = count(collection.items)
    left_out = {
        name: LeftOut({split: of_split[name] for split, of_split in counts.items() if name in of_split}, restore)
        for name in sorted(out)
    }
    items = [item for item in collection.items if item.label not in out]
    return replace(collection, items=items, excluded={**collection.excluded, **left_out})

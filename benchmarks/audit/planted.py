"""A folder of pictures in which it is known what is wrong: planted copies, broken files and wrong labels, and the truth about them.

    python benchmarks/audit/planted.py PHOTOS OUT --n 20000

Every base picture is distinct: a tile of a photograph that no other base shows the same way up, and where there are fewer tiles than
bases, turned by a quarter and with a garment of Fashion-MNIST over it (Debian's dataset-fashion-mnist). Tiles of next to one colour are
left out: two pieces of clear sky are the same picture to anybody. OUT/truth.json names every planted pair, broken file and wrong label.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

GARMENTS = Path("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
TILE = 106  # pixels of a photograph, whose shorter side is made 320
FLATTEST = 16.0  # standard deviation of the greys of the flattest tile that is used
CLASSES = ("ankle", "back", "chest", "elbow")
SPLITS = (("train", 0.7), ("val", 0.15), ("test", 0.15))


def tiles(photos: Path) -> list[Image.Image]:
    """Tiles that do not overlap, of every photograph below the folder."""
    found = []
    for path in sorted(p for p in photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")):
        photo = Image.open(path).convert("RGB")
        scale = 320 / min(photo.size)
        photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
        for top in range(0, photo.height - TILE + 1, TILE):
            for left in range(0, photo.width - TILE + 1, TILE):
                tile = photo.crop((left, top, left + TILE, top + TILE))
                if np.asarray(tile.convert("L")).std() >= FLATTEST:
                    found.append(tile)
    return found


def garments() -> np.ndarray:
    with gzip.open(GARMENTS) as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)


def bases(photos: Path, size: int, rng: random.Random) -> Iterator[Image.Image]:
    """Distinct pictures, as many as there are quarter turns of tiles."""
    shuffled = tiles(photos)
    rng.shuffle(shuffled)
    worn = iter(garments()[rng.sample(range(60_000), 60_000)]) if GARMENTS.exists() else iter(())
    for turn in range(4):
        for tile in shuffled:
            picture = tile.rotate(90 * turn).resize((size, size), Image.Resampling.BICUBIC)
            if turn:
                garment = next(worn, None)
                if garment is None:
                    return
                side = int(size * rng.uniform(0.5, 0.8))
                mask = Image.fromarray(garment).resize((side, side), Image.Resampling.BICUBIC)
                tint = tuple(rng.randrange(256) for _ in range(3))
                place = (rng.randrange(size - side), rng.randrange(size - side))
                picture.paste(ImageOps.colorize(mask, "black", tint), place, mask.point(lambda v: min(255, 3 * v)))
            yield picture


def cropped(picture: Image.Image, rng: random.Random) -> Image.Image:
    """80 to 95 % of each side, from anywhere, at the size of the original."""
    width, height = (round(side * rng.uniform(0.8, 0.95)) for side in picture.size)
    left, top = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height)).resize(picture.size, Image.Resampling.BICUBIC)


def same_shape_cropped(picture: Image.Image, rng: random.Random) -> Image.Image:
    """As most croppers do: one share for both sides."""
    side = round(picture.width * rng.uniform(0.8, 0.95))
    left, top = rng.randint(0, picture.width - side), rng.randint(0, picture.height - side)
    return picture.crop((left, top, left + side, top + side)).resize(picture.size, Image.Resampling.BICUBIC)


def resized(picture: Image.Image, rng: random.Random) -> Image.Image:
    side = round(picture.width * rng.choice((0.4, 0.6, 0.8, 1.5, 2.0)))
    return picture.resize((side, side), Image.Resampling.BILINEAR)


def relit(picture: Image.Image, rng: random.Random) -> Image.Image:
    brighter = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.8, 1.2))
    return ImageEnhance.Contrast(brighter).enhance(rng.uniform(0.8, 1.2))


# How a copy is made, and the JPEG quality it is saved with.
COPIES: dict[str, tuple[Callable[[Image.Image, random.Random], Image.Image], tuple[int, int]]] = {
    "recompressed": (lambda p, _: p, (25, 60)),
    "resized": (resized, (80, 92)),
    "cropped": (same_shape_cropped, (80, 92)),
    "cropped, other shape": (cropped, (80, 92)),
    "flipped": (lambda p, _: ImageOps.mirror(p), (80, 92)),
    "flipped and cropped": (lambda p, r: same_shape_cropped(ImageOps.mirror(p), r), (80, 92)),
    "relit": (relit, (80, 92)),
}


def broken(data: bytes, kind: str) -> bytes:
    return {
        "empty": b"",
        "truncated": data[: len(data) * 2 // 3],
        "barely begun": data[:40],
        "other bytes": b"<html>404 Not Found</html>" + data[400:],
    }[kind]


def make(photos: Path, out: Path, n: int, size: int = 128, seed: int = 0) -> dict[str, list]:
    rng = random.Random(seed)
    n_copies, n_broken = n * 3 // 10, n // 100
    source = bases(photos, size, rng)
    originals: list[tuple[str, str, str, Image.Image | None]] = []
    truth: dict[str, list] = {"pairs": [], "broken": [], "wrong_labels": []}

    def place(split: str, label: str, number: int) -> Path:
        path = out / split / label / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    count = 0
    for picture in source:
        if count == n - n_copies - n_broken:
            break
        split = rng.choices([s for s, _ in SPLITS], [w for _, w in SPLITS])[0]
        label = CLASSES[count % len(CLASSES)]
        path = place(split, label, count)
        picture.save(path, quality=92)
        name = path.relative_to(out).as_posix()
        originals.append((name, split, label, picture if count < n_copies else None))
        count += 1
    if count < n - n_copies - n_broken:
        raise SystemExit(f"{photos} gives {count} distinct pictures only; ask for fewer with --n")
    kinds = ["exact", *COPIES]
    for number, (name, split, label, picture) in enumerate(originals[:n_copies]):
        kind = kinds[number % len(kinds)]
        other = rng.choice([s for s, _ in SPLITS if s != split])
        wrong = rng.random() < 0.1
        given = rng.choice([c for c in CLASSES if c != label]) if wrong else label
        path = place(other, given, count)
        if kind == "exact" or picture is None:
            path.write_bytes((out / name).read_bytes())
        else:
            change, quality = COPIES[kind]
            change(Image.open(out / name).convert("RGB"), rng).save(path, quality=rng.randint(*quality))
        copy = path.relative_to(out).as_posix()
        truth["pairs"].append([name, copy, kind])
        if wrong:
            truth["wrong_labels"].append(copy)
        count += 1
    for number in range(n_broken):
        split, label = rng.choice(SPLITS)[0], rng.choice(CLASSES)
        path = place(split, label, count)
        data = (out / rng.choice(originals)[0]).read_bytes()
        path.write_bytes(broken(data, ("empty", "truncated", "barely begun", "other bytes")[number % 4]))
        truth["broken"].append(path.relative_to(out).as_posix())
        count += 1
    (out / "truth.json").write_text(json.dumps(truth))
    return truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    truth = make(given.photos, given.out, given.n, given.size, given.seed)
    print({name: len(found) for name, found in truth.items()})


if __name__ == "__main__":
    main()

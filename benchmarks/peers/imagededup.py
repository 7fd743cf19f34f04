"""imagededup's perceptual hashes of a folder and the pairs within a distance. Arguments: the folder, found.json, processes, distance."""

import json
import sys
from pathlib import Path

import torch

if __name__ == "__main__":
    library = torch.library.Library("torchvision", "DEF")  # a wheel for another build of torch: only its imports are needed
    for name in ("nms", "qnms"):
        library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from imagededup.methods import PHash

    folder, found, processes, distance = sys.argv[1:]
    hasher = PHash(verbose=False)
    encodings = hasher.encode_images(folder, recursive=True, num_enc_workers=int(processes))
    pairs = hasher.find_duplicates(
        encoding_map=encodings, max_distance_threshold=int(distance), num_dist_workers=int(processes)
    )
    root = Path(folder)
    names = {name: Path(name).relative_to(root).as_posix() if Path(name).is_absolute() else name for name in pairs}
    listed = sorted({tuple(sorted((names[a], names[b]))) for a, others in pairs.items() for b in others})
    read = {names[name] for name in names if encodings.get(name) is not None}
    every = {p.relative_to(root).as_posix() for p in root.rglob("*.jpg")}
    Path(found).write_text(json.dumps({"pairs": listed, "broken": sorted(every - read)}))

"""All of CleanVision's checks of a folder, and the sets of duplicates. Arguments: the folder, found.json, processes."""

import json
import sys
from itertools import combinations
from pathlib import Path

from cleanvision import Imagelab

if __name__ == "__main__":
    folder, found, processes = sys.argv[1:]
    lab = Imagelab(data_path=folder)
    lab.find_issues(n_jobs=int(processes), verbose=False)
    root = Path(folder).resolve()
    sets = [s for kind in ("exact_duplicates", "near_duplicates") for s in lab.info.get(kind, {}).get("sets", [])]
    names = [[Path(p).resolve().relative_to(root).as_posix() for p in s] for s in sets]
    pairs = sorted({tuple(sorted(pair)) for s in names for pair in combinations(s, 2)})
    Path(found).write_text(json.dumps({"pairs": pairs, "broken": []}))

"""DVCLive: a folder of TSV files."""
# needs: dvclive

import os
import tempfile

from _curve import curve, folder, truth

place = folder("dvclive")
os.chdir(tempfile.mkdtemp())
from dvclive import Live

logged = curve()
with Live(str(place / "dvclive"), save_dvc_exp=False, dvcyaml=None) as live:
    live.log_param("lr", 0.8)
    for row in logged:
        for split in ("train", "val"):
            for name, value in row[split].items():
                live.log_metric(f"{split}/{name}", value)
        live.next_step()
truth(place, logged)

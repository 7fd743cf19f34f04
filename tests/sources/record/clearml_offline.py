"""ClearML in offline mode: the session's zip."""
# needs: clearml numpy

import json
import os
import tempfile
import zipfile

os.environ["CLEARML_CACHE_DIR"] = tempfile.mkdtemp()
from _curve import curve, folder, truth
from clearml import Task

Task.set_offline(True)
off = {
    "auto_connect_frameworks": False,
    "auto_resource_monitoring": False,
    "auto_connect_streams": False,
    "auto_connect_arg_parser": False,
}
task = Task.init("p", "clouds", **off)
logged = curve()
for epoch, row in enumerate(logged):
    for split in ("train", "val"):
        for name, value in row[split].items():
            task.get_logger().report_scalar(name, split, value, epoch)
task.close()
place = folder("clearml_offline")
with (
    zipfile.ZipFile(f"{task.get_offline_mode_folder()}.zip") as archive,
    zipfile.ZipFile(place / "session.zip", "w", 8) as kept,
):
    kept.writestr("metrics.jsonl", archive.read("metrics.jsonl"))
    kept.writestr("task.json", json.dumps({"id": task.id, "name": "clouds"}))  # the rest is the script and the machine
truth(place, logged)

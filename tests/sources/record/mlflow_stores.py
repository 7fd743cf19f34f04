"""MLflow's file store and its SQLite store, with a NaN, an infinity and a second run."""
# needs: mlflow-skinny sqlalchemy alembic numpy

import gzip
import math
import os
import shutil
import tempfile
from pathlib import Path

os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_USERNAME": "user", "LOGNAME": "user"}
os.environ["MLFLOW_ENABLE_FILE_STORE"] = "true"
import mlflow
from _curve import curve, folder, truth

logged = curve()


def record(uri):
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("clouds")
    for name, epochs in (("first", logged), ("second", logged[:2])):
        with mlflow.start_run(run_name=name):
            mlflow.log_params({"lr": 0.8, "epochs": len(epochs)})
            for epoch, row in enumerate(epochs):
                for split in ("train", "val"):
                    mlflow.log_metrics({f"{split}_{k}": v for k, v in row[split].items()}, step=epoch)
                mlflow.log_metric("grad_norm", [1.0, math.nan, math.inf][epoch % 3], step=epoch)
            mlflow.log_metric("best_val_accuracy", max(r["val"]["accuracy"] for r in epochs))


os.chdir(tempfile.mkdtemp())
place = folder("mlflow_sqlite")
record("sqlite:///mlflow.db")
(place / "mlflow.db.gz").write_bytes(gzip.compress(Path("mlflow.db").read_bytes()))
truth(place, logged)
place = folder("mlflow_files")
try:
    record((Path.cwd() / "mlruns").as_uri())
    shutil.copytree("mlruns", place / "mlruns")
    truth(place, logged)
except Exception as error:
    print("the file store is refused:", str(error)[:300])

"""MLflow: any run in the tracking server, by MLflow's own client.

log_run(read_run("runs/latest"))
"""

from __future__ import annotations

from itertools import groupby

from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._scalars import scalars
from dermai_report.plain import plain
from dermai_report.renderers import render
from dermai_report.report import Report
from dermai_report.run import Run

with needs("mlflow", "mlflow"):
    import mlflow


def log_run(run: Run, report: Report | None = None) -> str:
    """Log metrics with the epoch as their step, the configuration as parameters, and the report as report.html; returns MLflow's run id.

    Into the run that is active, else into a new one of the run's name; where to is MLflow's own setting (MLFLOW_TRACKING_URI).
    """
    active = mlflow.active_run()
    with mlflow.start_run(
        run_id=active.info.run_id if active else None, run_name=run.name, nested=active is not None
    ) as tracked:
        mlflow.log_params({name: str(value) for name, value in plain(run.config).items()})
        mlflow.set_tags({"dermai.id": run.id, "dermai.path": run.path})
        for epoch, found in groupby(scalars(run), key=lambda scalar: scalar[1]):
            mlflow.log_metrics({name: value for name, _, value in found}, step=epoch)
        if report is not None:
            mlflow.log_text(render(report, "html"), "report.html")
        return str(tracked.info.run_id)

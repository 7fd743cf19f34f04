"""What the final predictions have beside the model of one epoch: averages over views or epochs, and a temperature."""

from __future__ import annotations

from dermai_report.measures.temperature import temperature
from dermai_report.run import Run


def averaged(run: Run) -> list[str]:
    """What the probabilities of the final evaluation were averaged over, in words; empty where they are those of one model."""
    views, members = _number(run, "tta"), min(_number(run, "ensemble"), len(run.epochs))
    found = [f"{views} views of each image"] if views > 1 else []
    return [*found, f"the models of the {members} best epochs"] if members > 1 else found


def cooled(run: Run) -> bool:
    """Whether the final predictions have the temperature in them that validation asks for: where none could be fitted, they have not."""
    return run.config.get("temperature_scaling") is True and temperature(run.predictions.get("val")) is not None


def _number(run: Run, key: str) -> int:
    value = run.config.get(key)
    return value if isinstance(value, int) else 1

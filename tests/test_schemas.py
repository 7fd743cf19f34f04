"""The shipped schemas are those of the types, and what is written satisfies them."""

import json
from pathlib import Path

import jsonschema
import pytest

from dermai_report import diagnose, read_run, schemas
from tests import builders


@pytest.mark.parametrize("name", sorted(schemas.generated()))
def test_shipped_schema_is_up_to_date(name: str) -> None:
    shipped = (schemas.FOLDER / name).read_text(encoding="utf-8")
    assert shipped == schemas.as_text(schemas.generated()[name]), "run: make schemas"


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((schemas.FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_published_run_satisfies_its_schemas() -> None:
    for name in ("run", "test"):
        validator(name).validate(json.loads((builders.PUBLISHED / f"{name}.json").read_text()))
    for line in (builders.PUBLISHED / "epochs.jsonl").read_text().splitlines():
        validator("epochs").validate(json.loads(line))


def test_reports_satisfy_their_schema(tmp_path: Path) -> None:
    import numpy as np

    outcome = builders.predictions(np.random.default_rng(0), 300)
    full = builders.run(test=builders.evaluation(outcome, 4), predictions={"test": outcome, "val": outcome})
    for run in (read_run(builders.PUBLISHED), full, builders.run(epochs=())):
        path = diagnose(run).save(tmp_path / "report.json")
        validator("report").validate(json.loads(path.read_text()))


def test_schema_rejects_what_is_wrong() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator("report").validate({"format": "dermai-report/1"})

"""Each test in a folder of its own; a framework that is not here is skipped, and the reason says how to run it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a framework deprecates within itself is not this project's; a warning of this project still is an error."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error:::dermai_report"))
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="module")
def framework(request: pytest.FixtureRequest) -> None:
    """Skip a module whose FRAMEWORK is not installed."""
    name = getattr(request.module, "FRAMEWORK", None)
    if name is None:
        return
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed here: make test-integrations", allow_module_level=True)
    if importlib.util.find_spec("torchvision") is not None:  # frameworks import it themselves, and it may need its shim
        from dermai_report.train import torchvision_compat  # noqa: F401

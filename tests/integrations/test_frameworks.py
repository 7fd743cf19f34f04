"""A framework that is missing: an error that names the command, and no framework is loaded without being asked for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from dermai_report import DermaiError, registry
from dermai_report.integrations._frameworks import needs
from tests.integrations.examples import PAGE

PACKAGES = {
    "fastai": "fastai", "huggingface": "transformers", "ignite": "pytorch-ignite", "keras": "keras",
    "lightning": "lightning", "mlflow": "mlflow", "sklearn": "scikit-learn", "tensorboard": "tensorboard", "torch": "torch",
}  # fmt: skip
IMPORTS = {**{name: name for name in PACKAGES}, "huggingface": "transformers"}


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_every_adapter_has_an_example_and_a_test() -> None:
    assert registry.names("integrations") == sorted(PACKAGES)
    page = PAGE.read_text(encoding="utf-8")
    for name in PACKAGES:
        assert len(re.findall(rf"from dermai_report\.integrations\.{name} import", page)) == 1
        assert (PAGE.parents[1] / "tests" / "integrations" / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_framework_names_the_command(name: str) -> None:
    told = python(
        f"import sys\nsys.modules[{IMPORTS[name]!r}] = None\nfrom dermai_report import DermaiError\n"
        f"try:\n    import dermai_report.integrations.{name}\nexcept DermaiError as error:\n    print(error)"
    )
    assert f"pip install {PACKAGES[name]}\n" in told


@pytest.mark.parametrize("name", ["torch", "sklearn"])
def test_an_adapter_imports_its_own_framework_alone(name: str) -> None:
    loaded = python(
        f"import sys\nimport dermai_report.integrations.{name}\nprint(sorted(sys.modules.keys() & {set(IMPORTS.values())!r}))"
    )
    assert loaded.strip() == f"['{IMPORTS[name]}']"


def test_a_part_of_a_framework_that_is_missing_stays_its_own_error() -> None:
    with pytest.raises(ModuleNotFoundError), needs("ignite", "pytorch-ignite"):
        import no_such_module
    with pytest.raises(DermaiError), needs("no_such_module", "no-such-package"):
        import no_such_module.part  # noqa: F401

"""Imports point down, torch stays in train/, matplotlib in charts/, and the cold path stays cold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from dermai_report import RunWriter

PACKAGE = Path(__file__).resolve().parent.parent / "dermai_report"
LAYERS = [
    {"errors", "files", "registry", "wording", "environment", "locks", "plain", "output_path"},
    {"run", "storage", "remote", "audit"},
    {"report"},
    {"measures", "actions", "learning_rates", "needs"},
    {"rules", "recommend", "exhibits", "subgroup_table", "provenance", "summary", "settings", "requirements", "gate"},
    {"diagnosis", "disproof"},
    {"comparison", "experiment", "sources", "results", "charts", "templating", "formatting"},
    {"index"},
    {"renderers", "datasets", "schemas"},
    {"train", "integrations"},
    {"gallery"},
    {"cli"},
]
RANK = {name: i for i, layer in enumerate(LAYERS) for name in layer}
SIDEWAYS = {("rules", "rules"), ("rules", "exhibits"), ("rules", "summary"), ("train", "renderers"), ("renderers", "train")}
ONLY_IN = {
    "torch": {"train", "integrations"},
    "torchvision": {"train"},
    "optuna": {"train"},
    "matplotlib": {"charts"},
    "jinja2": {"templating"},
    "sklearn": {"datasets", "integrations"},
    **{name: {"integrations"} for name in ("fastai", "ignite", "keras", "lightning", "mlflow", "tensorboard", "transformers")},
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__main__.py")


def area(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = area(path)
    if here == "__init__":
        return
    assert here in RANK, f"give {here} a layer"
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top in ONLY_IN:
            assert here in ONLY_IN[top], f"{top} belongs in {ONLY_IN[top]}"
        if top != "dermai_report" or not rest or rest.split(".")[0] not in RANK:
            continue
        target = rest.split(".")[0]
        if here == "report" and target in ("renderers",):
            continue  # Report.save: a convenience that points up, imported when called
        assert RANK[target] <= RANK[here], f"{here} imports {target}"
        assert (here, target) not in SIDEWAYS, f"{here} imports {target}"


@pytest.mark.parametrize("command", ["report", "train", "data"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        f"import sys, contextlib, io\nfrom dermai_report.cli.{command} import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main(['--help'])\n"
        "heavy = {'torch', 'numpy', 'pandas', 'sklearn', 'matplotlib', 'jinja2', 'pyarrow', 'rich'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_predictions_needs_no_pandas(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0, "accuracy": 0.5})
        run.log_evaluation("test", labels=[0, 1], probabilities=[[0.9, 0.1], [0.4, 0.6]])
    code = "import sys\nfrom dermai_report import diagnose, read_run\ndiagnose(read_run(sys.argv[1]))\nprint('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(run.path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_report_never_imports_torch() -> None:
    code = (
        "import sys\nfrom dermai_report import diagnose, read_run\n"
        f"diagnose(read_run({str(PACKAGE.parent / 'runs' / 'resnet18-10-epochs')!r})).save(sys.argv[1])\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, "/dev/null/x.html"], capture_output=True, text=True, check=False)
    assert "DermaiError" in done.stderr
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", code, f"{folder}/r.html"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The built wheel, installed beside nothing of the checkout, works from another directory."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_wheel_holds_what_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "dermai_report/templates/report.html.j2",
        "dermai_report/schemas/report.schema.json",
        "dermai_report/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("dermai_report/rules/") for name in names)
    assert not [n for n in names if n.startswith(("runs/", "report/", "tests/", "templates/"))]


def test_wheel_reports_from_another_directory(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import dermai_report; from dermai_report.cli.report import main\n"
        f"assert dermai_report.__file__.startswith({str(site)!r}), dermai_report.__file__\n"
        f"raise SystemExit(main([{str(ROOT / 'runs' / 'resnet18-10-epochs')!r}, '--format', 'html,md,json']))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder = elsewhere / "report" / "resnet18-10-epochs"
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.json", "report.md"]
    assert "Epoch 9" in (folder / "report.html").read_text()


def test_versions_agree() -> None:
    import importlib.metadata

    import dermai_report

    assert importlib.metadata.version("dermai-report") == dermai_report.__version__

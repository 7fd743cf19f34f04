import subprocess
import sys

import pytest

from dermai_report import DermaiError, registry, renderers
from tests.renderers import sample


def test_the_file_names_are_the_formats():
    assert {"github", "html", "json", "junit", "md", "terminal"} <= set(registry.names("renderers"))


@pytest.mark.parametrize("format", registry.names("renderers"))
def test_every_format_has_a_docstring_a_suffix_and_text(format):
    module = registry.load("renderers", format, "format")
    assert module.__doc__
    assert module.SUFFIX is None or module.SUFFIX.startswith(".")
    assert renderers.render(sample.nothing_known(), format)


@pytest.mark.parametrize("format", ["html", "md", "json"])
def test_the_ending_names_the_format(tmp_path, format):
    path = renderers.save(sample.full(), tmp_path / "new" / f"report.{format}")
    assert path.read_text(encoding="utf-8") == renderers.render(sample.full(), format)
    assert [p.name for p in path.parent.iterdir()] == [f"report.{format}"]


def test_a_named_format_wins_over_the_ending(tmp_path):
    path = renderers.save(sample.full(), tmp_path / "summary.txt", "md")
    assert path.read_text(encoding="utf-8").startswith("<!-- dermai-report -->")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("a.htm", "'html'"), ("a.jsn", "'json'"), ("a.docx", "known: html, json, md, xml"), ("a", "give it an ending")],
)
def test_an_unknown_ending_is_an_error_that_helps(tmp_path, name, hint):
    with pytest.raises(DermaiError) as error:
        renderers.save(sample.full(), tmp_path / name)
    assert hint in str(error.value)


def test_an_option_reaches_the_format_that_has_it_and_no_other():
    assert renderers.takes("md", "max_chars") and not renderers.takes("html", "max_chars")
    assert len(renderers.render(sample.full(), "md", max_chars=3000)) <= 3000
    assert renderers.render(sample.full(), "json", max_chars=3000) == renderers.render(sample.full(), "json")


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(DermaiError, match="did you mean 'html'"):
        renderers.render(sample.full(), "htlm")


def test_rendering_needs_no_numbers_library():
    code = (
        "import sys; from dermai_report import renderers; from tests.renderers import sample\n"
        "for f in ('json', 'terminal', 'md', 'html', 'junit', 'github'): renderers.render(sample.full(), f)\n"
        "assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

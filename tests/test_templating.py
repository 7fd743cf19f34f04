import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError, bccache
from markupsafe import Markup

from dermai_report import formatting, templating


def test_templates_are_found_in_the_checkout():
    assert (templating.template_dir() / "report.html.j2").is_file()


@pytest.mark.parametrize("dialect", ["html", "md"])
def test_a_name_that_is_not_there_is_an_error(dialect):
    with pytest.raises(UndefinedError):
        templating.environment(dialect).from_string("{{ nothing }}").render()


def test_html_is_escaped_and_controls_are_visible():
    text = templating.environment("html").from_string("{{ x }}").render(x="<b>\x1b\u202e</b>")
    assert text == "&lt;b&gt;␛⟨U+202E⟩&lt;/b&gt;"


def test_long_names_are_cut_and_whole_in_the_tooltip():
    name = templating.html_name("a" * 10_000)
    assert name.count("a") < 500
    assert '<bdi title="aaa' in name
    assert templating.html_name("Naevus") == "<bdi>Naevus</bdi>"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("@team", "@<!-- -->team"),
        ("see #123", "see #<!-- -->123"),
        ("<script>", "&lt;script&gt;"),
        ("a\nb", "a b"),
        ("# title", r"\# title"),
        ("1. item", r"1\. item"),
        ("65.6 %", "65.6 %"),
        ("val_loss", "val_loss"),
        ("http://a.example", "http&#58;//a.example"),
    ],
)
def test_markdown_is_escaped(text, escaped):
    assert templating.escape_markdown(text) == escaped


def test_what_is_markup_already_is_not_escaped_again():
    assert templating.environment("md").from_string("{{ x }}|{{ y }}").render(x=Markup("*a*"), y="*a*") == r"*a*|\*a\*"


def test_a_fence_is_longer_than_any_in_its_text():
    assert templating.fenced("a\n````\nb", "toml") == "`````toml\na\n````\nb\n`````"


@given(st.text())
def test_no_text_keeps_a_character_that_acts_on_its_surroundings(text):
    seen = formatting.visible(text)
    assert not set(seen) & set("\x00\x1b\u202e\u2066\u200b\ufeff\ufffe")
    seen.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.684, "percent", "68.40 %"),
        (-0.004, "points", "−0.40 points"),
        (-0.00001, "points", "0.00 points"),
        (0.9, "nats", "0.9000 nats"),
        (1503, "count", "1,503"),
        (412.0, "seconds", "7 min"),
        (0.00005, "plain", "5e-5"),
        (0.99993, "plain", "0.9999"),
        (0.99998, "plain", "0.9999"),  # 1 would say perfect
        (0.99998, "percent", "99.99 %"),
        (1.0, "plain", "1"),
        (1.0, "percent", "100.00 %"),
        (None, "percent", "—"),
        (float("nan"), "nats", "—"),
        (float("inf"), "plain", "—"),
    ],
)
def test_values_are_worded_with_their_unit(value, unit, words):
    assert formatting.quantity(value, unit) == words


def test_intervals_epochs_confidence_and_patches():
    assert formatting.interval((0.661, 0.706), "percent") == "66.1 to 70.6 %"
    assert formatting.interval((0.629, 0.68)) == "0.629 to 0.680"
    assert formatting.interval(None) == ""
    assert formatting.epochs([8, 6, 7, 11]) == "6–8, 11"
    assert formatting.confidence(1.0, "counted") == "a fact, counted or read"
    assert formatting.confidence(0.97, "calibrated") == "very high confidence (0.97, calibrated)"
    assert formatting.confidence(0.1, "calibrated") == "very low confidence (0.10, calibrated)"
    assert formatting.confidence(0.6, "judged") == "judged 0.60, not calibrated"


def test_a_patch_is_valid_toml():
    import tomllib

    patch = {"lr": 1e-3, "mixup": True, "note": 'a "b"\n', "steps": [1, 2], "optimizer": {"name": "adamw", "deep": {"x": 1}}}
    assert tomllib.loads(formatting.toml(patch | {"none": None})) == patch


def test_templates_are_compiled_once_and_again_when_they_change(tmp_path, monkeypatch):
    monkeypatch.setattr(templating, "template_dir", lambda: tmp_path)
    monkeypatch.setattr(templating.sys, "dont_write_bytecode", False)
    template = tmp_path / "a.j2"
    for text in ("one", "two"):
        template.write_text(text, "utf-8")
        for _ in range(2):
            templating.environment.cache_clear()
            assert templating.environment("html").get_template("a.j2").render() == text
        assert len(list(tmp_path.glob("__pycache__/*.jinja"))) == 1
    templating.environment.cache_clear()


def read_only(**_options):
    raise PermissionError("read-only")


def test_templates_in_a_place_that_cannot_be_written_are_compiled_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(templating, "template_dir", lambda: tmp_path)
    monkeypatch.setattr(templating.sys, "dont_write_bytecode", False)
    (tmp_path / "a.j2").write_text("one", "utf-8")
    monkeypatch.setattr(bccache.tempfile, "NamedTemporaryFile", read_only)
    templating.environment.cache_clear()
    assert templating.environment("html").get_template("a.j2").render() == "one"
    templating.environment.cache_clear()

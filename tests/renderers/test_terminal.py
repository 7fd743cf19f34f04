import pytest

from dermai_report.renderers import terminal
from tests.renderers import sample


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_the_terminal(width):
    text = terminal.render(sample.full(), width=width)
    assert max(map(len, text.splitlines())) <= width


def test_it_says_the_verdict_the_numbers_the_findings_and_where_the_rest_is():
    text = terminal.render(sample.full(), width=100)
    assert sample.full().headline in text
    assert "65.60 %" in text and "95 % interval 63.1 to 68.1 %" in text
    assert "The model overfits from epoch 8  very high confidence (0.97, calibrated)  overfitting" in text
    assert "1  Augment more strongly" in text
    assert "dermai-report runs/resnet18-10-epochs --format html" in text


def test_colours_only_on_request():
    assert "\x1b[" not in terminal.render(sample.full(), width=80)
    assert "\x1b[" in terminal.render(sample.full(), width=80, color=True)


@pytest.mark.parametrize("kind", sample.HOSTILE)
def test_hostile_text_cannot_steer_the_terminal(kind):
    text = terminal.render(sample.hostile(kind), width=80)
    assert not set(text) & set("\x1b\x00\r\u202e\u2066")


def test_nothing_known_is_said_plainly():
    assert "no validation and no test" in terminal.render(sample.nothing_known(), width=100)

import json
import math

import msgspec
import numpy as np

from dermai_report.renderers import json as renderer
from dermai_report.report import Report
from tests.renderers import sample


def with_evidence(evidence):
    finding = msgspec.structs.replace(sample.full().findings[0], evidence=evidence)
    return msgspec.structs.replace(sample.full(), findings=[finding])


def test_format_comes_first_and_the_report_comes_back():
    text = renderer.render(sample.full())
    assert text.startswith('{\n  "format": "dermai-report/1"')
    assert renderer.render(msgspec.json.decode(text, type=Report)) == text


def test_what_is_no_number_is_null_and_numpy_is_plain():
    text = renderer.render(with_evidence({"a": math.nan, "b": [math.inf], "c": np.float64(0.5), "d": np.arange(2)}))
    assert "NaN" not in text and "Infinity" not in text
    assert json.loads(text)["findings"][0]["evidence"] == {"a": None, "b": [None], "c": 0.5, "d": [0, 1]}


def test_text_that_is_no_unicode_is_written_all_the_same():
    assert json.loads(renderer.render(with_evidence({"file": "a\ud800"})))["findings"][0]["evidence"] == {"file": "a?"}


def test_the_class_of_a_score_is_called_class():
    assert json.loads(renderer.render(sample.full()))["test"]["per_class"][0]["class"] == "Acne"

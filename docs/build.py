"""Write docs/rules.md from the rules' own documentation: `make docs`; with --check, fail if it is out of date."""

import sys
from pathlib import Path

from dermai_report import registry
from dermai_report.diagnosis import rule_text
from dermai_report.files import write_atomically

PAGE = Path(__file__).parent / "rules.md"
HEAD = """\
# Rules

What `dermai-report` checks, one rule a section, from the rules' own documentation (`dermai-report explain RULE` prints
the same). A rule whose facts were not logged is *skipped with a reason*, which is not a pass.

## How sure a finding is

A confidence is between 0 and 1, and every output says what it rests on:

- **a fact, counted or read**: certain if the log is right; no number is printed.
- **calibrated**: of the findings with such a confidence about that share was right in simulated runs, half of them with the trouble
  (tests/claims.py has the runs, `python benchmarks/confidence.py` prints the table). Where it rests on a test it is what the
  p-value makes of even odds (Vovk and Wang 2021): .5 for p = .05, .82 for .01, .98 for .001. For overfitting: the detector's own figure.
- **judged, not calibrated**: nobody measured how often it is right. It orders the findings and claims no frequency.

The confidence is in what the title says, not in its cause or in the advice. In other runs than the simulated ones it may be off.

## Choosing rules and thresholds

In `pyproject.toml`, or in a TOML file named with `--config` (there without `tool.dermai-report`):

```toml
[tool.dermai-report]
ignore = ["reproducibility"]

[tool.dermai-report.thresholds.class_imbalance]
ratio = 5
```

`--select` and `--ignore` on the command line replace those lists. An unknown rule or key is an error that names the nearest one.
What fails a pipeline (`fail-on`, `require`, `strict`, `min-confidence`) is in [ci.md](ci.md).
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, module in registry.load_all("rules"):
        text = rule_text(name, module)
        needs = ", ".join(f"`{need}`" for need in module.NEEDS) or "nothing"
        parts.append(f"## {name}\n\n**{text.title}**\n\n{text.text}\n\nNeeds: {needs}. At worst: {module.WORST}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else "docs/rules.md is out of date: make docs"
        )
    write_atomically(PAGE, page())
    print(PAGE)

"""Run -> Report: measure, check every rule, merge the advice, and say what could not be known."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import msgspec

import dermai_report
from dermai_report import exhibits, measures, registry, summary, wording
from dermai_report.gate import judge
from dermai_report.needs import missing
from dermai_report.provenance import provenance
from dermai_report.recommend import recommend
from dermai_report.report import Finding, Report, RuleText, RunFacts, Skipped
from dermai_report.run import Run
from dermai_report.settings import Settings, thresholds_of

WEIGHT = {"error": 0, "warning": 1, "info": 2}


def diagnose(run: Run, settings: Settings | None = None) -> Report:
    """Everything a reader needs of a run, as data. Deterministic: the same run gives the same report.

    settings: which rules, at which thresholds (`dermai_report.settings.read_settings`); without, all rules at their defaults.
    """
    settings = settings or Settings()
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    checked: list[str] = []
    texts: list[RuleText] = []
    for name, rule in registry.load_all("rules"):
        if not settings.wants(name):
            skipped.append(Skipped(name, "left out by the settings", rule.WORST))
            continue
        lacking = missing(run, rule.NEEDS)
        if lacking:
            skipped.append(Skipped(name, "; ".join(lacking), rule.WORST))
            continue
        checked.append(name)
        found = [msgspec.structs.replace(f, rule=name) for f in rule.check(run, **settings.thresholds.get(name, {}))]
        findings += found
        if found:
            texts.append(rule_text(name, rule))
    findings.sort(key=lambda f: (WEIGHT[f.severity], -f.confidence, f.rule))
    recommendations = recommend(run, findings)
    report = Report(
        version=dermai_report.__version__,
        run=run_facts(run),
        headline=summary.headline(run),
        answers=summary.answers(run, findings, recommendations),
        numbers=summary.key_numbers(run),
        best_epoch=measures.best_epoch(run),
        last_epoch=measures.last_epoch(run),
        overfitting=measures.overfitting(run),
        gap=measures.gap(run),
        generalization=measures.generalization(run),
        test=measures.test_scores(run),
        findings=findings,
        recommendations=recommendations,
        skipped=skipped,
        notes=[*run.notes, *_unknowns(run)],
        charts=exhibits.charts(run),
        tables=exhibits.tables(run),
        provenance=provenance(run),
        rules=texts,
        checked=checked,
    )
    return msgspec.structs.replace(report, gate=judge(report, settings)) if settings.gate.asks else report


def rule_text(name: str, rule: ModuleType) -> RuleText:
    """The documentation of a rule: the first line of its docstring is the title, the rest the text."""
    title, _, text = inspect.cleandoc(rule.__doc__ or "").partition("\n")
    values = ", ".join(f"`{key} = {value:g}`" for key, value in thresholds_of(rule).items())
    return RuleText(name, title.strip(), text.strip() + (f"\n\nThresholds: {values}." if values else ""))


def run_facts(run: Run) -> RunFacts:
    """Which run this is."""
    seconds = [e.seconds for e in run.epochs if e.seconds is not None]
    return RunFacts(
        id=run.id,
        name=run.name,
        source=run.source,
        path=run.path,
        classes=list(run.classes),
        n_epochs=len(run.epochs),
        status=run.status,
        seconds=sum(seconds) if seconds else None,
        config=dict(run.config),
        parent=run.parent,
    )


def _unknowns(run: Run) -> Iterator[str]:
    """What this report cannot know, and how to log it."""
    if run.data.excluded:
        left_out = wording.listed(run.data.excluded, 4)
        yield f"What the model makes of images of {left_out} is unknown: it was neither trained nor tested on any."
    if run.count("val") is None and run.has("val", "accuracy"):
        yield (
            "The number of validation samples is unknown, so validation numbers have no interval. Log it with "
            "RunWriter(data=Data(counts={…})), or the predictions with log_evaluation('val', …)."
        )
    if run.test is not None and run.test.accuracy is not None and measures.shipped_epoch(run) is None:
        yield (
            "Which epoch's model was tested was not logged, so the drop from validation to test cannot be told. Log it with "
            "log_evaluation('test', checkpoint=… or epoch=…)."
        )
    if run.test is None:
        yield "There is no test evaluation. Log it with log_evaluation('test', labels=…, probabilities=…)."
    elif "test" not in run.predictions:
        yield (
            "There are no test predictions, so there is no confusion matrix, no score of a class, no calibration"
            f"{', and no interval of the test accuracy' if run.test.n is None else ''}. Log them with "
            "log_evaluation('test', labels=…, probabilities=…)."
        )
    for name in measures.too_many_values(run):
        yield f"The column {name} of the test predictions has too many values to compare; a few bands of them can be compared."
    if run.val_epochs is None and len(run.epochs) > 1:
        yield (
            "There are no per-sample validation outcomes of each epoch, so the optimism of choosing the best epoch cannot be "
            "taken off. Log them with log_epoch(val_samples=(loss, predicted, label))."
        )
    if run.epochs and not run.has("train", "eval_loss") and run.has("train", "loss"):
        yield (
            "Training metrics as logged are usually averages over each epoch, while the weights change and augmentation is on; "
            "they then understate the fit. Log an evaluation-mode pass as train={'eval_loss': …, 'eval_accuracy': …} for the honest gap."
        )

"""The first screen: a headline, four questions answered in plain words, and the key numbers with where they come from."""

from __future__ import annotations

from dermai_report import measures, wording
from dermai_report.report import Answer, BestEpoch, Finding, KeyNumber, Overfitting, Recommendation, Tone
from dermai_report.run import Run
from dermai_report.storage.audit_files import AUDIT
from dermai_report.storage.run_files import MANIFEST

OVERFIT_WORDS = {
    "none": "No sign of it",
    "provisional": "Possible, not shown",
    "likely": "Likely",
    "certain": "Clearly",
    "unknown": "Cannot tell",
}
OVERFIT_TONES: dict[str, Tone] = {
    "none": "good",
    "provisional": "warning",
    "likely": "warning",
    "certain": "bad",
    "unknown": "unknown",
}


def headline(run: Run) -> str:
    """One sentence: what was trained and the number that counts, with what is missing said."""
    best, scores = measures.best_epoch(run), measures.test_scores(run)
    if not run.epochs and scores is None:
        return f"{run.name}: nothing was logged yet."
    if scores is not None and scores.accuracy is not None:
        sure = f" (95 % interval {wording.percent_interval(scores.accuracy_ci95)})" if scores.accuracy_ci95 else ""
        without = "" if sure else "; how precise that figure is cannot be told"
        return f"{run.name} classifies {wording.percent(scores.accuracy)} of the test images correctly{sure}{without}."
    if best is not None and best.val_accuracy is not None:
        return f"{run.name} reaches {wording.percent(best.val_accuracy)} on validation; it was not tested."
    return f"{run.name}: {wording.plural(len(run.epochs), 'epoch')} logged, no accuracy on held-out images."


def answers(run: Run, findings: list[Finding], recommendations: list[Recommendation]) -> list[Answer]:
    """The four questions of PAGE order: good enough, which checkpoint, overfitting, what next."""
    return [_good_enough(run, findings), _checkpoint(run), _overfit(measures.overfitting(run)), _next(recommendations)]


def key_numbers(run: Run) -> list[KeyNumber]:
    """The numbers of the summary with their intervals and sources."""
    best, last, scores, g = (
        measures.best_epoch(run),
        measures.last_epoch(run),
        measures.test_scores(run),
        measures.generalization(run),
    )
    numbers: list[KeyNumber] = []
    if best is not None:
        log = run.at(best.epoch)
        at = log.at if log else None
        n = run.count("val")
        numbers.append(KeyNumber("Best epoch", best.epoch, "epoch", note=_equals(best, len(run.epochs)), at=at))
        if best.val_loss is not None:
            few = run.val_epochs is not None and best.val_loss_ci95 is None
            note = _choice(best) if best.val_loss_ci95 else "too few errors for an interval" if few else ""
            numbers.append(KeyNumber("Validation loss, best epoch", best.val_loss, "nats", best.val_loss_ci95, note, at))
        numbers.append(
            KeyNumber(
                "Validation accuracy, best epoch",
                best.val_accuracy,
                "percent",
                best.val_accuracy_ci95,
                "; ".join(filter(None, (_sized(n), _choice(best) if best.val_accuracy_ci95 else ""))),
                at,
            )
        )
    if last is not None and best is not None and last.epoch != best.epoch:
        numbers.append(KeyNumber(f"Validation loss, last epoch ({last.epoch})", last.val_loss, "nats", at=run.epochs[-1].at))
    tested = run.test_at.get("accuracy", run.source)
    if scores is not None:
        numbers.append(KeyNumber("Test accuracy", scores.accuracy, "percent", scores.accuracy_ci95, _sized(scores.n), tested))
        if (clean := scores.without_leaked) is not None:
            note = f"n {clean.n:,}; {clean.leaked:,} have a copy in another split"
            at = f"{AUDIT}, predictions/test.parquet" if run.audit else f"{MANIFEST}, predictions/test.parquet"
            label = "Test accuracy without leaked images"
            numbers.append(KeyNumber(label, clean.accuracy, "percent", clean.accuracy_ci95, note, at))
        if scores.macro_f1 is not None:
            at = run.test_at.get("confusion", run.source)
            numbers.append(KeyNumber("Macro F1, test", scores.macro_f1, "percent", scores.macro_f1_ci95, at=at))
    if g.drop is not None:
        note = {True: "beyond chance", False: "within chance", None: "cannot tell without sample counts"}[g.significant]
        logged = next((e.at for e in run.epochs if e.epoch == g.epoch and e.at), run.source)
        validated = "predictions/val.parquet" if measures.averaged(run) else logged
        at = f"{validated} − {tested}"
        numbers.append(KeyNumber("Drop from validation to test", g.drop, "points", g.drop_ci95, note, at))
    if scores is not None and scores.calibration is not None:
        c = scores.calibration
        note = f"chance alone: up to {wording.points(c.ece_by_chance, 1)}"
        at = run.test_at.get("probabilities", run.source)
        numbers.append(KeyNumber("Expected calibration error", c.ece, "points", c.ece_ci95, note, at))
    return numbers


def _good_enough(run: Run, findings: list[Finding]) -> Answer:
    question = "How good is the model, and how sure is that?"
    scores, best = measures.test_scores(run), measures.best_epoch(run)
    fatal = next((f for f in findings if f.severity == "error"), None)
    if scores is None or scores.accuracy is None:
        seen = f" Validation accuracy is {wording.percent(best.val_accuracy)}." if best and best.val_accuracy else ""
        detail = f"There is no test evaluation.{seen} A validation number that chose the epoch flatters the model."
        return Answer(question, "Cannot tell", detail, "unknown")
    answer = f"{wording.percent(scores.accuracy)} of the test images are classified correctly"
    if scores.accuracy_ci95 is None:
        detail = "How sure that is cannot be told: the number of test samples was not logged."
        return Answer(question, answer, detail, "bad" if fatal else "unknown")
    detail = f"95 % interval {wording.percent_interval(scores.accuracy_ci95)}, from {wording.plural(scores.n or 0, 'sample')}."
    if scores.majority_accuracy is not None:
        detail += f" Always naming the most frequent class would give {wording.percent(scores.majority_accuracy, 1)}."
    detail += " Whether that is good enough is for those who use it to say."
    return Answer(question, answer, detail, "bad" if fatal else "neutral")


def _checkpoint(run: Run) -> Answer:
    question = "Which checkpoint do I ship?"
    best = measures.best_epoch(run)
    if best is None:
        return Answer(question, "Cannot tell", "No validation metric was logged, so no epoch can be chosen.", "unknown")
    why = {
        "val_loss": f"It has the lowest validation loss ({wording.nats(best.val_loss)}"
        f"{f', accuracy {wording.percent(best.val_accuracy)}' if best.val_accuracy is not None else ''}). The loss sees how "
        "sure the model is of every image, where accuracy only counts decisions; so it is the steadier guide.",
        "val_accuracy": f"It has the highest validation accuracy ({wording.percent(best.val_accuracy)}); no loss was logged.",
    }[best.by]
    return Answer(question, f"Epoch {best.epoch}", f"{why} {_file(best)}{_close(best)}{_beside(run)}".strip(), "neutral")


def _file(best: BestEpoch) -> str:
    if best.checkpoint is None:
        return "Which file holds it was not logged."
    if best.checkpoint_epoch not in (None, best.epoch):
        return f"Beware: {best.checkpoint} holds epoch {best.checkpoint_epoch}."
    return f"It is in {best.checkpoint}."


def _beside(run: Run) -> str:
    """What the test score has and the file of the best epoch has not."""
    over = measures.averaged(run)
    beside = [f"averaged over {' and '.join(over)}"] if over else []
    beside += ["rescaled by a temperature"] if measures.cooled(run) else []
    if run.test is None or not beside:
        return ""
    alone = "what this file alone scores was not measured" if over else "this file alone is as often right, but not as sure"
    return f" The test predictions are {' and '.join(beside)}: {alone}."


def _close(best: BestEpoch) -> str:
    if best.indistinguishable_basis is None:
        return " Which epochs are as good cannot be told without validation samples."
    if not best.indistinguishable:
        return f" The data tell it from every other epoch ({best.indistinguishable_basis})."
    return f" The data cannot tell it from epochs {wording.epoch_ranges(best.indistinguishable)}."


def _overfit(found: Overfitting) -> Answer:
    answer, tone = OVERFIT_WORDS[found.verdict], OVERFIT_TONES[found.verdict]
    if found.verdict == "none" and found.elevated_epochs:
        answer, tone = "Not shown", "neutral"
    if found.overfit and found.onset_epoch is not None:
        answer += f", from epoch {found.onset_epoch} on"
        if found.onset_ci90 and found.onset_ci90[0] != found.onset_ci90[1]:
            answer += f" (90 % interval {found.onset_ci90[0]}-{found.onset_ci90[1]})"
    sure = "" if found.verdict == "unknown" else f" Confidence that it overfits: {wording.confidence(found.confidence)}."
    bridge = ""
    if found.elevated_epochs == 1 and not found.overfit:
        bridge = " The last epoch itself is worse; whether further training would have stayed worse is not known."
    return Answer("Did it overfit, and from when?", answer, f"{found.reason}{bridge}{sure}", tone)


def _next(recommendations: list[Recommendation]) -> Answer:
    question = "What should I do next?"
    first = [r for r in recommendations if r.status == "suggested"]
    if not first:
        return Answer(question, "Nothing stands out", "No rule that could be checked asks for a change.", "neutral")
    then = f" Then: {'; '.join(r.title for r in first[1:3])}." if len(first) > 1 else ""
    return Answer(question, first[0].title, f"{first[0].why[0]}{then}", "neutral")


def _equals(best: BestEpoch, epochs: int) -> str:
    same = f"; as good: {wording.epoch_ranges(best.indistinguishable)}" if best.indistinguishable else ""
    return f"of {epochs}{same}"


def _choice(best: BestEpoch) -> str:
    """What the intervals of the best epoch allow for beside sampling."""
    same = len(best.indistinguishable)
    return f"allows for the choice among {same + 1} epochs as good" if same else ""


def _sized(n: int | None) -> str:
    return f"n {n:,}" if n is not None else "n unknown"

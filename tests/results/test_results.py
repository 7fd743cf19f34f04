"""Predictions and their summaries from every kind of file, given to a run of any tool."""

import json
import random
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import classification_report, confusion_matrix

from dermai_report import DermaiError, diagnose, read_run, registry
from dermai_report.cli.report import main
from dermai_report.results import add_results
from dermai_report.run import Run

CLASSES = ("cat", "dog", "owl")
RNG = np.random.default_rng(5)
LABEL = RNG.integers(0, 3, 90)
TABLE = RNG.dirichlet(np.ones(3), 90) * 0.4
TABLE[np.arange(90), LABEL] += 0.3
TABLE /= TABLE.sum(1, keepdims=True)
GUESS = TABLE.argmax(1)
RIGHT = float((GUESS == LABEL).mean())
NAMES = [CLASSES[k] for k in LABEL]
GUESSED = [CLASSES[k] for k in GUESS]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "log.csv").write_text("epoch,train_loss,val_loss,val_acc\n1,1.0,1.1,0.5\n2,0.9,1.0,0.6\n")
    return read_run(tmp_path / "log.csv")


def write(path: Path, columns: dict[str, list]) -> Path:
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(",".join(map(str, r)) for r in [tuple(columns), *rows]) + "\n")
    return path


def test_every_format_says_what_it_reads() -> None:
    for _, module in registry.load_all("results"):
        assert module.__doc__


@pytest.mark.parametrize(
    ("label", "predicted"),
    [("label", "predicted"), ("y_true", "y_pred"), ("Ground Truth", "Prediction"), ("target", "pred_label")],
)
def test_labels_and_predictions_by_name(run: Run, tmp_path: Path, label: str, predicted: str) -> None:
    file = write(tmp_path / "p.csv", {"image": [f"{i}.png" for i in range(90)], label: NAMES, predicted: GUESSED})
    done = add_results(run, file)
    assert done.classes == CLASSES
    assert done.test.accuracy == pytest.approx(RIGHT)
    assert done.test.confusion == confusion_matrix(LABEL, GUESS).tolist()
    assert done.predictions["test"].sample[3] == "3.png"
    assert done.test_at["accuracy"] == "p.csv"


def test_words_alone(run: Run, tmp_path: Path) -> None:
    assert add_results(run, write(tmp_path / "p.csv", {"label": NAMES, "predicted": GUESSED})).test.n == 90


@pytest.mark.parametrize("form", ["p:{}", "prob_{}", "P({})", "proba_{}"])
def test_probabilities_by_class(run: Run, tmp_path: Path, form: str) -> None:
    columns = {"label": NAMES, "patient": [i // 3 for i in range(90)]}
    columns |= {form.format(c): TABLE[:, k].round(6).tolist() for k, c in enumerate(CLASSES)}
    done = add_results(run, write(tmp_path / "p.csv", columns))
    outcome = done.predictions["test"]
    assert outcome.probabilities == pytest.approx(TABLE, abs=1e-5)
    assert list(outcome.group)[:4] == ["0", "0", "0", "1"]
    assert done.test.loss == pytest.approx(-np.log(TABLE[np.arange(90), LABEL]).mean(), abs=1e-4)


@pytest.mark.parametrize("scale", [1, 100])
def test_probabilities_below_the_names_of_the_classes(run: Run, tmp_path: Path, scale: float) -> None:
    columns = {
        "y_true": NAMES,
        "age": [40 + k % 9 for k in range(90)],
        **{c: (TABLE[:, k] * scale) for k, c in enumerate(CLASSES)},
    }
    done = add_results(run, write(tmp_path / "p.csv", columns))
    assert done.classes == CLASSES
    assert done.predictions["test"].probabilities == pytest.approx(TABLE, abs=1e-6)
    columns["cat"] = columns["cat"] + 3.0
    with pytest.raises(DermaiError, match="neither a predicted class nor a probability"):
        add_results(run, write(tmp_path / "p.csv", columns))


def test_rows_of_several_splits_are_refused(run: Run, tmp_path: Path) -> None:
    columns = {"split": ["val", "test"] * 45, "label": NAMES, "predicted": GUESSED}
    with pytest.raises(DermaiError, match="several splits, by its column 'split': test, val"):
        add_results(run, write(tmp_path / "p.csv", columns))
    assert add_results(run, write(tmp_path / "p.csv", columns | {"split": ["test"] * 90})).test.n == 90


@pytest.mark.parametrize("corner", ["predicted\\actual", "Predicted"])
def test_a_matrix_whose_rows_are_predicted(run: Run, tmp_path: Path, corner: str) -> None:
    counts = confusion_matrix(LABEL, GUESS)
    rows = [f"{c},{','.join(map(str, row))}" for c, row in zip(CLASSES, counts.T, strict=True)]
    (tmp_path / "m.csv").write_text("\n".join([f"{corner},{','.join(CLASSES)}", *rows]))
    done = add_results(run, tmp_path / "m.csv")
    assert done.test.confusion == counts.tolist()
    assert any("rows are predicted classes" in n for n in done.notes)


def test_numbered_probabilities_stand_in_order(run: Run, tmp_path: Path) -> None:
    columns = {"label": LABEL.tolist()} | {f"prob_{k}": TABLE[:, k].round(3).tolist() for k in (2, 0, 1)}
    done = add_results(run, write(tmp_path / "p.csv", columns))
    assert done.predictions["test"].probabilities == pytest.approx(TABLE, abs=2e-3)
    assert any("rounded" in n for n in done.notes)
    assert any("no names" in n for n in done.notes)


def test_parquet_and_npz(run: Run, tmp_path: Path) -> None:
    pq.write_table(pa.table({"label": pa.array(NAMES).dictionary_encode(), "predicted": GUESSED}), tmp_path / "p.parquet")
    assert add_results(run, tmp_path / "p.parquet").test.accuracy == pytest.approx(RIGHT)
    np.savez(tmp_path / "p.npz", y_true=LABEL, probs=TABLE, classes=np.array(CLASSES), patient_id=np.arange(90) // 2)
    done = add_results(run, tmp_path / "p.npz")
    assert done.classes == CLASSES
    assert done.test.accuracy == pytest.approx(RIGHT)
    assert len(set(done.predictions["test"].group)) == 45


def test_pickled_arrays_are_refused(run: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", labels=np.array([{}], dtype=object), predicted=np.array([0]))
    with pytest.raises(DermaiError, match="plain arrays"):
        add_results(run, tmp_path / "p.npz")


def test_one_column_of_two_classes(run: Run, tmp_path: Path) -> None:
    positive = np.where(LABEL == 1, 0.8, 0.3)
    done = add_results(
        run, write(tmp_path / "p.csv", {"label": (LABEL == 1).astype(int).tolist(), "probability": positive.tolist()})
    )
    assert done.test.accuracy == 1.0
    assert any("class 1" in n for n in done.notes)


def test_confidence_of_the_prediction_is_no_probability_of_a_class(run: Run, tmp_path: Path) -> None:
    columns = {"label": [0, 1] * 20, "predicted": [0, 1] * 20, "score": [0.9] * 40}
    done = add_results(run, write(tmp_path / "p.csv", columns))
    assert done.predictions["test"].probabilities is None
    assert any("left out" in n for n in done.notes)


def test_ambiguous_label_is_asked_about(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", {"label": NAMES, "target": GUESSED, "predicted": GUESSED})
    with pytest.raises(DermaiError, match="several columns that could be label"):
        add_results(run, file)
    assert add_results(run, file, columns={"label": "target"}).test.accuracy == 1.0


def test_other_classes_than_the_run_are_refused(run: Run, tmp_path: Path) -> None:
    first = add_results(run, write(tmp_path / "p.csv", {"label": NAMES, "predicted": GUESSED}))
    with pytest.raises(DermaiError, match="classes"):
        add_results(first, write(tmp_path / "q.csv", {"label": ["a", "b"], "predicted": ["a", "b"]}))


def test_logits_are_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="soft-max"):
        add_results(run, write(tmp_path / "p.csv", {"label": [0, 1], "p_0": [3.0, -1], "p_1": [-2.0, 4]}))


COUNTS = confusion_matrix(LABEL, GUESS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", "\n".join(",".join(map(str, r)) for r in COUNTS)),
        (
            "m.csv",
            ","
            + ",".join(CLASSES)
            + "\n"
            + "\n".join(f"{c}," + ",".join(map(str, r)) for c, r in zip(CLASSES, COUNTS, strict=True)),
        ),
        ("m.txt", str(COUNTS)),
        ("m.json", json.dumps(COUNTS.tolist())),
        ("m.json", json.dumps({"labels": CLASSES, "matrix": COUNTS.tolist()})),
    ],
)
def test_confusion_matrix(run: Run, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    done = add_results(run, tmp_path / name)
    assert done.test.confusion == COUNTS.tolist()
    assert done.test.accuracy == pytest.approx(RIGHT)
    assert any("rows" in n for n in done.notes)


def test_normalised_matrix_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("0.9,0.1\n0.2,0.8\n")
    with pytest.raises(DermaiError, match="shares, not counts"):
        add_results(run, tmp_path / "m.csv")


@pytest.mark.parametrize("as_json", [False, True])
def test_classification_report_says_what_it_supports(run: Run, tmp_path: Path, as_json: bool) -> None:
    text = classification_report(LABEL, GUESS, target_names=list(CLASSES), output_dict=as_json)
    file = tmp_path / "report.txt"
    file.write_text(json.dumps(text) if as_json else "Test results\n\n" + text)
    done = add_results(run, file)
    assert done.test.n == 90
    assert done.test.accuracy == pytest.approx(RIGHT, abs=0.005)
    assert done.test.confusion is None
    assert done.data.counts["test"] == {c: int((k == LABEL).sum()) for k, c in enumerate(CLASSES)}
    assert any("no confusion matrix" in n for n in done.notes)
    assert diagnose(done).test.accuracy_ci95 is not None


def test_report_of_two_classes_gives_the_counts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(classification_report(LABEL == 1, GUESS == 1, digits=4))
    assert add_results(run, tmp_path / "r.txt").test.confusion == confusion_matrix(LABEL == 1, GUESS == 1).tolist()


def test_differing_accuracy_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("epoch,step,train_loss,val_loss,test_acc\n0,1,1,,\n0,1,,1,\n1,2,,,0.99\n")
    done = add_results(read_run(tmp_path / "log.csv"), write(tmp_path / "p.csv", {"label": NAMES, "predicted": GUESSED}))
    assert any("they differ" in n for n in done.notes)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("epoch,train_loss,val_loss,val_acc\n1,1.0,1.1,0.5\n2,0.9,1.0,0.6\n")
    file = write(tmp_path / "p.csv", {"wahr": NAMES, "predicted": GUESSED})
    words = [str(tmp_path / "log.csv"), "--predictions", str(file), "--column", "label=wahr", "--format", "json", "-o", "-"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["test"]["n"] == 90
    assert main([str(tmp_path / "log.csv"), "--predictions", str(tmp_path / "none.csv")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_broken_files_are_errors_of_ours(run: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", labels=LABEL, predicted=GUESS)
    pq.write_table(pa.table({"label": NAMES, "predicted": GUESSED}), tmp_path / "p.parquet")
    write(tmp_path / "p.csv", {"label": NAMES, "predicted": GUESSED, "image": range(90)})
    (tmp_path / "r.txt").write_text(classification_report(LABEL, GUESS))
    (tmp_path / "m.txt").write_text(str(COUNTS))
    chance = random.Random(1)
    for name in ("p.npz", "p.parquet", "p.csv", "r.txt", "m.txt"):
        whole = (tmp_path / name).read_bytes()
        for _ in range(60):
            broken = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.3 else whole)
            for _ in range(chance.randrange(1, 6)):
                if broken:
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
            (tmp_path / f"broken-{name}").write_bytes(broken)
            try:
                add_results(run, tmp_path / f"broken-{name}")
            except DermaiError:
                continue


def test_further_columns_make_subgroups(run: Run, tmp_path: Path) -> None:
    site, tone, right = [f"s{n % 3}" for n in range(90)], [1 + n % 6 for n in range(90)], (GUESS == LABEL).astype(int).tolist()
    columns = {"label": NAMES, "predicted": GUESSED, "site": site, "tone": tone, "loss": TABLE.max(1).tolist(), "right": right}
    file = write(tmp_path / "p.csv", {**columns, "class": NAMES, "y_hat_name": GUESSED})
    found = add_results(run, file).predictions["test"].columns
    assert {name: list(values) for name, values in found.items()} == {"site": site, "tone": list(map(str, tone))}
    assert {s.name for s in diagnose(add_results(run, file)).test.subgroups} >= {"site s0", "tone 6"}
    pq.write_table(pa.table({**columns, "site": pa.array(site).dictionary_encode()}), tmp_path / "p.parquet")
    assert set(add_results(run, tmp_path / "p.parquet").predictions["test"].columns) == {"site", "tone"}


def test_probabilities_beside_many_words(run: Run, tmp_path: Path) -> None:
    words = {name: [f"{name} {n}" for n in range(90)] for name in ("image", "site", "camera", "doctor")}
    file = write(
        tmp_path / "p.csv", {**words, "label": NAMES, **{f"p:{c}": TABLE[:, k].tolist() for k, c in enumerate(CLASSES)}}
    )
    assert add_results(run, file).predictions["test"].probabilities == pytest.approx(TABLE, abs=1e-6)


def test_predictions_that_stand_elsewhere(run: Run, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/results/p.csv", write(tmp_path / "p.csv", {"label": NAMES, "predicted": GUESSED}).read_bytes())
    memory.pipe("/results/none.csv", b"nothing")
    try:
        done = add_results(run, "memory://results/p.csv")
        near = add_results(run, tmp_path / "p.csv")
        assert (done.test, done.notes, done.files) == (near.test, near.notes, near.files)
        with pytest.raises(DermaiError, match=r"memory://results/none\.csv holds neither predictions"):
            add_results(run, "memory://results/none.csv")
        with pytest.raises(DermaiError, match=r"there is nothing at memory://results/gone\.csv"):
            add_results(run, "memory://results/gone.csv")
    finally:
        memory.rm("/results", recursive=True)

"""Progress bars without a name: which of an epoch's two loops is of training, and when that cannot be told."""

from pathlib import Path

import pytest

from dermai_report import read_run
from dermai_report.sources._loops import Bar, named

CURVE = [(1.5, 0.45, 1.3, 0.52), (1.0, 0.64, 1.1, 0.60), (0.8, 0.72, 1.2, 0.63)]


def bar(loss: float, accuracy: float, done: int, total: int) -> str:
    """A line as the bars of CIFAR training scripts print it, backspaces and all."""
    right = round(accuracy * done * 100)
    back = "\x08" * 40
    end = "\r" if done < total else "\n"
    return f" [==>..]  Step: 50ms | Tot: 25s | Loss: {loss:.3f} | Acc: {accuracy:.3%} ({right}/{done * 100}){back} {done}/{total} {end}"


@pytest.mark.parametrize("sizes", [(391, 100), (100, 391), (100, 100)])
def test_the_second_loop_of_an_epoch_is_validation(sizes: tuple[int, int], tmp_path: Path) -> None:
    text = ""
    for epoch, (tl, ta, vl, va) in enumerate(CURVE):
        text += f"\nEpoch: {epoch}\n"
        for loss, accuracy, total in ((tl, ta, sizes[0]), (vl, va, sizes[1])):
            text += bar(9.0, 0.01, 1, total) + bar(5.0, 0.2, 50, total) + bar(loss, accuracy, total, total)
    (tmp_path / "out.log").write_text(text, newline="")
    run = read_run(tmp_path / "out.log")
    for i, key in enumerate([("train", "loss"), ("train", "accuracy"), ("val", "loss"), ("val", "accuracy")]):
        assert run.series(*key) == pytest.approx([row[i] for row in CURVE]), key
    assert f"of {sizes[0]} and of {sizes[1]} batches: the first was taken as training" in " ".join(run.notes)


def test_the_name_before_a_bar_is_its_split(tmp_path: Path) -> None:
    head = "100%|█████| 50/50 [00:12<00:00,  4.1it/s, loss="
    text = "".join(
        f"Epoch {e}/3\nTrain: {head}{tl}, acc={ta}]\nVal: {head}{vl}, acc={va}]\n"
        for e, (tl, ta, vl, va) in enumerate(CURVE, 1)
    )
    (tmp_path / "out.log").write_text(text, encoding="utf-8")
    run = read_run(tmp_path / "out.log")
    assert run.series("train", "loss") == (1.5, 1.0, 0.8)
    assert run.series("val", "loss") == (1.3, 1.1, 1.2)


@pytest.mark.parametrize("loops", [1, 3])
def test_one_loop_or_three_tell_nothing(loops: int) -> None:
    bars = [Bar(e, done, 10, {"loss": f"{k}.{done}"}) for e in (1, 2, 3) for k in range(loops) for done in (1, 10)]
    notes: list[str] = []
    assert named(bars, notes) is None
    assert not notes


def test_an_epoch_cut_off_in_its_first_loop() -> None:
    bars = [Bar(e, 10, 10 - k, {"loss": f"{k}.5"}) for e in (1, 2) for k in (0, 1)] + [Bar(3, 4, 10, {"loss": "0.4"})]
    found = named(bars, [])
    assert found is not None
    assert [list(v) for v in found if v] == [["train loss"], ["val loss"]] * 2 + [["train loss"]]

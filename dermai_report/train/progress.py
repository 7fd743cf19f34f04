"""What a person sees while a run goes on: live bars on a terminal, a plain line an epoch anywhere. To stderr."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars


class Progress:
    """Bars are drawn only on a terminal; lines are always printed."""

    def __init__(self, console: Console | None = None) -> None:
        """console: stderr unless given."""
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
        )
        self._bars = Bars(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
        self._run: TaskID | None = None  # the bar of all epochs, which stays while those of the parts come and go
        self._begun, self._first = 0.0, 1

    def __enter__(self) -> Progress:
        """Begin to draw."""
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bars away; lines stay."""
        self._bars.stop()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.console.print(text, markup=False)

    def count(self, title: str, total: int) -> Callable[[], None]:
        """A bar; the function returned advances it by one."""
        self._clear()
        task = self._bars.add_task(title, total=total, text="")
        return lambda: self._bars.advance(task)

    def status(self, text: str) -> None:
        """A bar without an end, for what has no count of its own."""
        self._clear()
        self._bars.add_task(text, total=None, text="")

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[int, float, float, float], None]:
        """Bars of the run and of an epoch; after each batch call the function with images seen, mean loss, accuracy, and the
        learning rate."""
        self._clear()
        start, done = time.perf_counter(), 0
        if self._run is None:
            self._begun, self._first = start, number  # of a resumed run: the time left follows from the epochs done here
            self._run = self._bars.add_task("all epochs", total=epochs, text="")
        run, task = self._run, self._bars.add_task(f"epoch {number}/{epochs}", total=batches, text="")
        self._bars.update(run, completed=number - 1)

        def advance(seen: int, loss: float, accuracy: float, lr: float) -> None:
            nonlocal done
            done += 1
            now = time.perf_counter()
            epochs_done = number - self._first + done / batches
            left = (now - self._begun) / epochs_done * (epochs - self._first + 1 - epochs_done)
            self._bars.update(run, text=f"{_clock(left)} left")
            rate = seen / (now - start)
            self._bars.update(task, advance=1, text=f"loss {loss:.4f}  acc {accuracy:.2%}  lr {lr:.3g}  {rate:.0f} images/s")

        return advance

    def epoch_line(
        self,
        number: int,
        epochs: int,
        train: Mapping[str, float],
        val: Mapping[str, float],
        lr: float,
        seconds: float,
        best: bool,
    ) -> None:
        """The line that stays."""
        self.say(
            f"epoch {number:>{len(str(epochs))}}/{epochs}  "
            f"train loss {train['loss']:.4f} acc {train['accuracy']:.2%}  "
            f"val loss {val['loss']:.4f} acc {val['accuracy']:.2%}  "
            f"lr {lr:.3g}  {seconds:.1f} s{'  best' if best else ''}"
        )

    def _clear(self) -> None:
        for task in self._bars.task_ids:
            if task != self._run:
                self._bars.remove_task(task)


@contextmanager
def to_file(path: Path) -> Iterator[Progress]:
    """The lines at the end of a file, without bars: where several trainings run at a time."""
    with path.open("a", encoding="utf-8") as file, Progress(Console(file=file, highlight=False, soft_wrap=True)) as progress:
        yield progress


def silent() -> Progress:
    """Says nothing: for all processes of a training but the first."""
    return Progress(Console(file=io.StringIO(), quiet=True))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

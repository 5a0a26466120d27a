"""Progress over all trials: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from cnn_ablate.executors import Ended, Event
from cnn_ablate.executors import Progress as Progressed
from cnn_ablate.schema import without_hash

_SECONDS_BETWEEN_LINES = 20.0


class ProgressDisplay:
    """What a user sees of a run: one bar for all trials, one for each that is under way."""

    def __init__(self, console: Console, bars: Progress) -> None:
        self.console = console
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.fractions: dict[str, float] = {}
        self.ended = 0
        self.expected = 0
        self.last_line = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(Text(text), soft_wrap=True)

    def decoding(self, done: int, total: int) -> None:
        """Show how far a data set has been decoded."""
        if "decoding" not in self.tasks:
            self.say(f"Decoding {total:,} images; this is done once.")
        self._bar("decoding", "decoding images", total, done, f"{done:,} of {total:,}")
        if done >= total:
            self._drop("decoding")

    def expect(self, trials: int) -> None:
        """Say how many trials are to come."""
        self.expected = trials
        if trials:
            self._bar("all", "all trials", trials, 0, f"0 of {trials}")

    def observe(self, event: Event) -> None:
        """Show an event of the run."""
        if isinstance(event, Ended):
            self._ended(event)
        else:
            self._progressed(event)

    def _progressed(self, event: Progressed) -> None:
        note = f"epoch {event.epoch:.1f} of {event.epochs}, {event.images_per_second:,.0f} images/s"
        name = without_hash(event.trial)
        self._bar(event.trial, name, event.epochs, event.epoch, note)
        self.fractions[event.trial] = event.epoch / event.epochs
        self._all()
        quiet = time.monotonic() - self.last_line
        if not self.console.is_terminal and quiet > _SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self.say(f"  {name}: {note}")

    def _ended(self, event: Ended) -> None:
        self.ended += 1
        self.fractions.pop(event.trial.id, None)
        self._drop(event.trial.id)
        self._all()
        self.last_line = time.monotonic()
        self.say(f"[{self.ended}/{self.expected}] {_outcome(event)}")

    def _all(self) -> None:
        done = self.ended + sum(self.fractions.values())
        self._bar("all", "all trials", self.expected, done, f"{self.ended} of {self.expected}")

    def _bar(self, key: str, name: str, total: float, done: float, note: str) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task(name, total=total, note=note)
        self.bars.update(self.tasks[key], completed=done, note=note)

    def _drop(self, key: str) -> None:
        if key in self.tasks:
            self.bars.remove_task(self.tasks.pop(key))


def _outcome(event: Ended) -> str:
    name = f"{event.trial.variant}, seed {event.trial.seed}"
    result = event.result
    if result is None:
        return f"{name}: failed. {event.error.splitlines()[0] if event.error else ''}"
    if result.metrics is None or result.metrics.test_accuracy is None:
        return f"{name}: {result.status}. {result.error}"
    metrics = result.metrics
    return f"{name}: {metrics.test_accuracy:.2%} on the test images, {metrics.seconds:.1f} s"


@contextmanager
def progress_display() -> Iterator[ProgressDisplay]:
    """Show progress on standard error while in this context."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        yield ProgressDisplay(console, bars)

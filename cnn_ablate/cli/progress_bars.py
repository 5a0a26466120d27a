"""Show the progress of a run: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBars
from rich.text import Text

from cnn_ablate.executors import Ended, Event, Progress
from cnn_ablate.runner.jobs import Round
from cnn_ablate.schema import without_hash
from cnn_ablate.text import capital, count

_SECONDS_BETWEEN_LINES = 20.0


class ProgressDisplay:
    """The progress of a run: one bar for all trials, and one per trial that is being trained."""

    def __init__(self, console: Console, bars: ProgressBars) -> None:
        self.console = console
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.fractions: dict[str, float] = {}
        self.ended = 0
        self.expected = 0
        self.last_line = time.monotonic()

    def print_line(self, text: str) -> None:
        """Print a line above the bars."""
        self.console.print(Text(text), soft_wrap=True)

    def on_decoding(self, done: int, total: int) -> None:
        """Show the progress of decoding a data set."""
        if "decoding" not in self.tasks:
            self.print_line(f"Decoding {total:,} images; this is done once.")
        self._update_bar("decoding", "decoding images", total, done, f"{done:,} of {total:,}")
        if done >= total:
            self._remove_bar("decoding")

    def on_round(self, round_: Round) -> None:
        """Print the state of a study with looks, and count the trials that it needs next."""
        trials = len(round_.trials)
        if round_.look:
            further = f"; {count(trials, 'trial')} to train" if trials else ""
            self.print_line(f"{capital(round_.look)}{further}.")
        self.expected += trials
        if self.expected:
            self._update_total()

    def on_event(self, event: Event) -> None:
        """Show the progress or the end of a trial."""
        if isinstance(event, Ended):
            self._on_ended(event)
        else:
            self._on_progress(event)

    def _on_progress(self, event: Progress) -> None:
        note = f"epoch {event.epoch:.1f} of {event.epochs}, {event.images_per_second:,.0f} images/s"
        name = without_hash(event.trial)
        self._update_bar(event.trial, name, event.epochs, event.epoch, note)
        self.fractions[event.trial] = event.epoch / event.epochs
        self._update_total()
        since_last_line = time.monotonic() - self.last_line
        if not self.console.is_terminal and since_last_line > _SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self.print_line(f"  {name}: {note}")

    def _on_ended(self, event: Ended) -> None:
        self.ended += 1
        self.fractions.pop(event.trial.id, None)
        self._remove_bar(event.trial.id)
        self._update_total()
        self.last_line = time.monotonic()
        self.print_line(f"[{self.ended}/{self.expected}] {_describe_end(event)}")

    def _update_total(self) -> None:
        done = self.ended + sum(self.fractions.values())
        self._update_bar(
            "all", "all trials", self.expected, done, f"{self.ended} of {self.expected}"
        )

    def _update_bar(self, key: str, name: str, total: float, done: float, note: str) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task(name, total=total, note=note)
        self.bars.update(self.tasks[key], total=total, completed=done, note=note)

    def _remove_bar(self, key: str) -> None:
        if key in self.tasks:
            self.bars.remove_task(self.tasks.pop(key))


def _describe_end(event: Ended) -> str:
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
    with ProgressBars(*columns, console=console, disable=not console.is_terminal) as bars:
        yield ProgressDisplay(console, bars)

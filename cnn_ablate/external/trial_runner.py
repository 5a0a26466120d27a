"""Train a trial by the user's command: run it, and read what it has written."""

import json
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.external.command import fill
from cnn_ablate.external.input_files import InputFiles
from cnn_ablate.external.metric_values import DivergedError, ExpectedMetrics
from cnn_ablate.external.result_files import read_epochs, read_metrics, read_predictions
from cnn_ablate.external.run_command import Log, OnProgress, run_command
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult, timestamp
from cnn_ablate.settings import by_key, nested

_LINES = 12


class CommandError(UserError):
    """A command failed: how, and the end of its log; `lost` if another attempt may succeed."""

    def __init__(self, fault: UserError, log: Log, *, lost: bool = False) -> None:
        super().__init__(fault.where, fault.what, fault.hint)
        self.lost = lost
        self.tail = log.tail(_LINES)

    def __str__(self) -> str:
        log = ["Last lines of its log:", *self.tail] if self.tail else []
        return "\n".join([super().__str__(), *log])


@dataclass(frozen=True)
class ExternalJob:
    """What a worker needs to train a trial by a command.

    Attributes:
        inputs: The command, with the files that it must find as they were planned.
        expected: The metrics that it must measure.
    """

    inputs: InputFiles
    expected: ExpectedMetrics


@dataclass(frozen=True)
class Workplace:
    """Where a command runs: its current folder, an empty one for results, its environment."""

    folder: Path
    out: Path
    environment: Mapping[str, str]


def run_trial(
    trial: Trial,
    job: ExternalJob,
    compute: ComputeConfig,
    workplace: Workplace,
    on_progress: OnProgress,
) -> TrialResult:
    """Train a trial, and return its result.

    Raises:
        CommandError: the command failed, or its results are missing or malformed.
        UserError: it cannot be started, or its input files have changed.
    """
    job.inputs.verify(workplace.folder)
    command = _command(trial, job, workplace)
    log, started, began = Log(), timestamp(), time.monotonic()
    try:
        code = run_command(command, workplace.folder, workplace.environment, log, on_progress)
        seconds = time.monotonic() - began
        if code:
            raise CommandError(_exit(command, code, log), log, lost=code == -signal.SIGKILL)
        draft = TrialResult(
            trial=trial, status="diverged", compute=compute, log=log.text, started=started
        )
        return _read(draft, job.expected, workplace.out, seconds)
    except UserError as fault:
        raise fault if isinstance(fault, CommandError) else CommandError(fault, log) from None
    finally:
        shutil.rmtree(workplace.out, ignore_errors=True)


def _command(trial: Trial, job: ExternalJob, workplace: Workplace) -> list[str]:
    """Return the command of a trial, and write the file with its settings."""
    workplace.out.mkdir(parents=True, exist_ok=True)
    place = {"seed": trial.seed, "out": str(workplace.out)}
    settings = workplace.out / "settings.json"
    settings.write_text(json.dumps({**nested(trial.settings), **place}, indent=1), encoding="utf-8")
    values = {**by_key(trial.settings), **place, "settings": str(settings)}
    program, *words = fill(job.inputs.command, values)
    found = shutil.which(program, path=workplace.environment.get("PATH"))
    if found is None and not (workplace.folder / program).is_file():
        raise UserError("trainer.command", f"there is no program '{program}'.")
    return [program, *words]


def _exit(command: list[str], code: int, log: Log) -> UserError:
    """Return how a command ended, with the last line that it printed."""
    last = "".join(f": {line.strip().rstrip('.')}" for line in log.tail(1))
    # The program that `python` in a study stands for may have another name.
    program = "python" if command[0] == sys.executable else Path(command[0]).name
    shown = " ".join([program, *(Path(word).name for word in command[1:2])])
    if code < 0:
        return UserError("", f"`{shown}` was killed by {signal.Signals(-code).name}{last}.")
    return UserError("", f"`{shown}` ended with exit code {code}{last}.")


def _read(draft: TrialResult, expected: ExpectedMetrics, out: Path, seconds: float) -> TrialResult:
    """Return a result with what the command has written."""
    epochs, table = read_epochs(out), read_predictions(out)
    try:
        metrics = read_metrics(out, expected, table)
    except DivergedError as error:
        return draft.model_copy(update={"error": str(error), "epochs": epochs})
    measured = {"seconds": metrics.seconds or seconds, "epochs": metrics.epochs or len(epochs)}
    return draft.model_copy(
        update={
            "status": "done",
            "metrics": metrics.model_copy(update=measured),
            "epochs": epochs,
            "classes": table.rows if table else (),
            "predictions": table.npz if table else b"",
        }
    )

"""The command `doctor`: whether all that a results folder holds is as it was written."""

from pathlib import Path

import typer

from cnn_ablate.cli.exit_codes import WRONG_INPUT
from cnn_ablate.errors import UserError
from cnn_ablate.store import Store
from cnn_ablate.store.verify import examine
from cnn_ablate.store.verify import mend as mend_all

# What is said of each kind of trouble that is mended.
_MENDED = {
    "trial": "These trials are in damaged/ now; the same `run` trains what is missing.",
    "checkpoint": "These checkpoints are removed.",
    "scratch": "What was never finished is removed.",
}


def examine_store(results: Path, *, mend: bool) -> None:
    """Say what is wrong in a results folder, and mend it if told so; exit with 1 if it is not well.

    Raises:
        UserError: there is no such folder, or a run is under way there.
    """
    if not results.is_dir():
        raise UserError(str(results), "no such folder.")
    store = Store(results)
    found = mend_all(store) if mend else examine(store)
    for trouble in found:
        typer.echo(f"{trouble.kind} {trouble.path}: {trouble.what}")
    trials = sum(1 for _ in store.trials.glob("*/trial.json"))
    if not found:
        typer.echo(f"{results}: {trials} trials, all whole.")
        return
    if mend:
        kinds = {trouble.kind for trouble in found}
        for kind, said in _MENDED.items():
            if kind in kinds:
                typer.echo(said)
        found = examine(store)
    if found:
        typer.echo(f"{len(found)} troubles in {results}.", err=True)
        raise typer.Exit(WRONG_INPUT)

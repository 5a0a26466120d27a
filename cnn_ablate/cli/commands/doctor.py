"""The command `doctor`: verify that every file of a results folder is as it was written."""

from collections.abc import Sequence
from pathlib import Path

import typer

from cnn_ablate.cli.exit_codes import WRONG_INPUT
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import CheckedResults, FoundProblem
from cnn_ablate.errors import UserError
from cnn_ablate.store import Store
from cnn_ablate.store.verify import Problem, find_problems, repair
from cnn_ablate.text import count

# What is printed after each kind of problem was repaired.
_REPAIRED = {
    "trial": "Moved these trials to damaged/; running the study again trains them anew.",
    "checkpoint": "Removed these checkpoints.",
    "scratch": "Removed these unfinished files.",
}


def verify_results(results: Path, *, mend: bool, as_json: bool = False) -> None:
    """Print the problems of a results folder, repair them if `mend`; exit with 1 if any remain.

    Raises:
        UserError: There is no such folder, or a run is active there.
    """
    if not results.is_dir():
        raise UserError(str(results), "no such folder.")
    store = Store(results)
    problems = repair(store) if mend else find_problems(store)
    trials = sum(1 for _ in store.trials.glob("*/trial.json"))
    if as_json:
        rows = (FoundProblem(kind=p.kind, path=str(p.path), what=p.what) for p in problems)
        print_json(CheckedResults(trials=trials, problems=tuple(rows)))
    else:
        _print(problems, results, trials)
    if not problems:
        return
    if mend:
        kinds = {problem.kind for problem in problems}
        for kind, message in _REPAIRED.items():
            if kind in kinds:
                typer.echo(message, err=as_json)
        problems = find_problems(store)
    if problems:
        typer.echo(f"{results}: {count(len(problems), 'problem')}.", err=True)
        raise typer.Exit(WRONG_INPUT)


def _print(problems: Sequence[Problem], results: Path, trials: int) -> None:
    for problem in problems:
        typer.echo(f"{problem.kind} {problem.path}: {problem.what}")
    if not problems:
        typer.echo(f"{results}: {trials} trials, all intact.")

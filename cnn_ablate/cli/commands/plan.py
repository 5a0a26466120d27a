"""The command `plan`: what a study will train and compare, before anything is trained."""

import json
from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Console

from cnn_ablate.cli.format_changes import changes_of
from cnn_ablate.cli.progress_bars import display
from cnn_ablate.cli.text_table import print_rows
from cnn_ablate.plan import matching
from cnn_ablate.runner.prepare import GUESSED_SIZES, Prepared, RunConfig, survey
from cnn_ablate.runner.price import MACS_PER_SECOND, SECONDS_PER_STEP, gpu_hours, guessed_sizes
from cnn_ablate.runner.rows import rows
from cnn_ablate.stats import count, count_range, listed
from cnn_ablate.study import Changes, read
from cnn_ablate.study_paths import study_path

_TITLES = ("variant", "changes", "parameters", "MACs", "done", "to train")


def show_plan(
    word: str, changes: Changes, where: RunConfig, *, only: str, as_json: bool, estimate: bool
) -> None:
    """Print the plan of a study, as a table or as data."""
    study = read(study_path(word), changes)
    with display() as screen:
        laid_out = survey(study, where, screen.decoding)
    seconds = _estimated(laid_out) if estimate else {}
    found = list(rows(laid_out, matching(laid_out.plan, only), seconds))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        _print(laid_out, found, where)


def _estimated(laid_out: Prepared) -> dict[str, float]:
    from cnn_ablate.runner.estimate import estimated_seconds

    return estimated_seconds(laid_out)


def _print(survey: Prepared, rows: list[dict[str, Any]], where: RunConfig) -> None:
    console = Console(highlight=False)
    print_rows(console, _TITLES, map(_cells, rows), texts=2)
    for line in _remarks(survey, rows, where):
        console.print(line, soft_wrap=True, markup=False)


def _price(survey: Prepared) -> str:
    hours, guessed = gpu_hours(survey), guessed_sizes(survey)
    speed = f"{MACS_PER_SECOND / 1e12:.0f} T multiply-adds a second"
    least = f"{1000 * SECONDS_PER_STEP:.0f} ms a step"
    shown = f"{hours:,.1f}" if hours >= 0.1 else "under 0.1"
    images = f"{GUESSED_SIZES[0]:,} training images"
    sizes = f", as if {listed(guessed)} had {images}" if guessed else ""
    return f"All of it: {shown} hours of one GPU, guessed from {speed} and at least {least}{sizes}."


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    todo = len(row["seeds"]) - row["done"]
    numbers = (row["parameters"], row["macs"], row["done"], todo)
    return row["variant"], _changes(row), *(f"{number:,}" for number in numbers)


def _changes(row: dict[str, Any]) -> str:
    if row["reference"] is None:
        return ""
    against = "" if row["reference"] == "baseline" else f" (against {row['reference']})"
    return ", ".join(changes_of(row["changed"])) + against


def _remarks(survey: Prepared, rows: list[dict[str, Any]], where: RunConfig) -> Iterator[str]:
    plan = survey.plan
    yield ""
    yield from survey.notes
    yield (
        f"{count(len(plan.variants), 'variant')} x "
        f"{count_range(plan.seed_counts.values(), 'seed')} = "
        f"{count(len(plan.trials), 'trial')}; {len(survey.done):,} are done in {where.results}."
    )
    for seeds in sorted(set(plan.paired_seeds)):
        p = f"2/2^{seeds} = {2 / 2**seeds:.3g}"
        yield f"With {count(seeds, 'seed')} the smallest two-sided sign-flip p is {p}."
    if survey.missing:
        yield f"What is done is not known: {survey.missing}"
    for name, first in plan.same.items():
        yield f"{name} is equal to {first}."
    if plan.excluded:
        yield f"Excluded: {', '.join(plan.excluded)}."
    for alias in plan.aliases:
        yield f"Cannot be told apart: {alias}."
    if seconds := sum(row.get("seconds", 0.0) * (len(row["seeds"]) - row["done"]) for row in rows):
        yield f"About {seconds / 60:,.1f} minutes of one worker, from a few timed steps."
    yield _price(survey)

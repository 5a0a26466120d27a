"""The command `plan`: the variants that a study trains and compares, without training them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cnn_ablate.cli.format_changes import labelled_changes
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import PilotContrast, PlannedStudy
from cnn_ablate.cli.progress_bars import progress_display
from cnn_ablate.cli.text_table import print_rows
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.find_study import study_path
from cnn_ablate.plan import select_variants
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.cost import (
    finished_seconds,
    guess_seconds,
    machine_words,
    time_trials,
)
from cnn_ablate.runner.plan_rows import data_remarks, plan_rows
from cnn_ablate.runner.planned_power import power_analysis, spreads
from cnn_ablate.runner.prepare import Prepared, prepare
from cnn_ablate.schema import Metric, PlannedContrasts
from cnn_ablate.stats import margin_of
from cnn_ablate.stats.multiple_comparisons import FLIP_PAIRS
from cnn_ablate.stats.sample_size import Spread
from cnn_ablate.study import Changes, read_study
from cnn_ablate.text import about, count, count_range, listed, some

_TITLES = ("variant", "changes", "parameters", "MACs", "steps", "done")
# What only the user's own command knows.
_UNKNOWN = {"parameters", "MACs", "steps"}
# Variants, and remarks of one kind, that are printed: nobody reads thousands.
_LISTED = 40
_PILOT_TITLES = ("contrast", "seen", "spread", "half-width", "found", "needed")


@dataclass(frozen=True)
class PlanOptions:
    """Which variants to list, how, and the results folder of a pilot."""

    only: str = ""
    as_json: bool = False
    estimate: bool = False
    pilot: Path | None = None


def print_plan(word: str, changes: Changes, config: RunConfig, options: PlanOptions) -> None:
    """Print the plan of a study, as a table or as JSON."""
    study = read_study(study_path(word), changes)
    with progress_display() as display:
        prepared = prepare(study, config, display.on_decoding)
    seconds = _seconds(prepared, config, options)
    rows = list(plan_rows(prepared, select_variants(prepared.plan, options.only), seconds))
    seen = spreads(prepared, options.pilot) if options.pilot else []
    if options.as_json:
        print_json(_planned(prepared, rows, seen))
        return
    console = Console(highlight=False)
    if prepared.missing:
        is_counted = prepared.knows_image_counts
        unknown = "How many trials are done is" if is_counted else "Trials done, steps and time are"
        print_sentence(console, f"{unknown} unknown: {prepared.missing}")
    titles = [t for t in _TITLES if t not in _UNKNOWN] if prepared.inputs else _TITLES
    print_rows(console, titles, [_cells(prepared, row) for row in rows[:_LISTED]], texts=2)
    lines = (*_unlisted(rows), *_remarks(prepared, config))
    for line in (*lines, *_time(prepared, rows, config, options)):
        print_sentence(console, line)
    if options.pilot:
        _print_pilot(console, seen, prepared.study.metric)


def _seconds(prepared: Prepared, config: RunConfig, options: PlanOptions) -> dict[str, float]:
    """Return the seconds of one trial per variant, as far as they can be known."""
    if prepared.inputs:
        return finished_seconds(prepared, config.results)
    if not prepared.knows_image_counts:
        return {}
    return (time_trials if options.estimate else guess_seconds)(prepared, config.device)


def _planned(
    prepared: Prepared, rows: Sequence[dict[str, Any]], seen: Sequence[Spread]
) -> PlannedStudy:
    """Return what `plan --json` prints."""
    margin = prepared.study.metric.margin
    return PlannedStudy(
        study=prepared.study.name,
        variants=tuple(rows),
        power_analysis=power_analysis(prepared),
        pilot=tuple(
            PilotContrast(
                variant=spread.variant,
                reference=spread.reference,
                seen=spread.seen,
                sd=spread.sd,
                half_width=spread.half_width,
                smallest_effect=spread.smallest_effect,
                seeds_needed=spread.seeds_for(margin) if margin else None,
            )
            for spread in seen
        ),
    )


def _print_pilot(console: Console, seen: Sequence[Spread], metric: Metric) -> None:
    """Print what a pilot says of the seeds that are needed."""
    console.print("")
    margin = margin_of(metric)
    # Without a margin there is no effect of which it is known that it matters.
    titles = _PILOT_TITLES if margin else _PILOT_TITLES[:-1]
    rows = [_pilot_cells(spread, metric.margin) for spread in seen]
    print_rows(console, titles, rows)
    unit = f", in {metric.difference_unit}" if metric.difference_unit else ""
    needed = f", and the seeds needed for {margin}" if margin else ""
    print_sentence(
        console,
        f"Estimates from the pilot of the {metric.label}{unit}: the spread over the seeds seen, "
        "the half-width of an interval with the planned seeds, the smallest effect found with "
        f"80 % power{needed}. They assume normally distributed differences and Bonferroni's bound.",
    )


def _pilot_cells(spread: Spread, margin: float | None) -> tuple[str, ...]:
    name = spread.variant
    if spread.reference != "baseline":
        name = f"{name} (against {spread.reference})"
    numbers = (spread.sd, spread.half_width, spread.smallest_effect)
    cells = (name, f"{spread.seen}", *(f"{number:.3g}" for number in numbers))
    if margin is None:
        return cells
    needed = spread.seeds_for(margin)
    return (*cells, f"{needed:,}" if needed else "over 1,000")


def _cells(prepared: Prepared, row: dict[str, Any]) -> tuple[str, ...]:
    # A network that cannot be built has no size; steps and trials done are only not known.
    absent = {"parameters": "-", "macs": "-", "steps": "?", "done": "?"}
    numbers = [
        absent[name] if row[name] is None else f"{row[name]:,}" for name in absent if name in row
    ]
    numbers[-1] += f" of {len(row['seeds']):,}"
    return row["variant"], _changes(prepared, row), *numbers


def _left(row: dict[str, Any]) -> int:
    return len(row["seeds"]) - int(row["done"] or 0)


def _changes(prepared: Prepared, row: dict[str, Any]) -> str:
    pair = row["variant"], row["reference"]
    contrasts = prepared.plan.contrasts
    contrast = next((c for c in contrasts if (c.variant, c.reference) == pair), None)
    if contrast is None:
        return ""
    against = "" if row["reference"] == "baseline" else f" (against {row['reference']})"
    return ", ".join(labelled_changes(prepared.plan, contrast)) + against


def _unlisted(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(rows) > _LISTED:
        more = count(len(rows) - _LISTED, "more variant")
        yield f"... and {more}: `--only` lists those that it names, `--json` all."


def _first(lines: Sequence[str]) -> Iterator[str]:
    """Yield the first lines, and how many more there are."""
    yield from lines[:_LISTED]
    if len(lines) > _LISTED:
        yield f"... and {len(lines) - _LISTED:,} more like these."


def _remarks(prepared: Prepared, config: RunConfig) -> Iterator[str]:
    plan = prepared.plan
    yield ""
    yield from _first(prepared.notes)
    done = "" if prepared.missing else f"; {len(prepared.done):,} are done in {config.results}"
    yield (
        f"{count(len(plan.variants), 'variant')} x "
        f"{count_range(plan.seed_counts.values(), 'seed')} = "
        f"{count(len(plan.trials), 'trial')}{done}."
    )
    yield from _power(prepared)
    yield from data_remarks(prepared)
    faults = prepared.unbuildable.items()
    yield from _first([f"Variant {name} cannot be trained: {fault}" for name, fault in faults])
    yield from _first([f"{name} is equal to {first}." for name, first in plan.same.items()])
    if plan.excluded:
        yield f"Excluded: {some(plan.excluded, _LISTED)}."
    for alias in plan.aliases:
        yield f"Aliased effects: {alias}."


def _power(prepared: Prepared) -> Iterator[str]:
    """Yield what the seeds of a study can show, and the hash of what it states."""
    seen = power_analysis(prepared)
    if looks := seen.looks:
        yield (
            f"Looks at {listed(map(str, looks.seeds))} seeds: {looks.fewest_trials:,} trials at "
            f"best, if the first look closes all contrasts, and {looks.most_trials:,} at most."
        )
    for group in seen.contrasts:
        members = count(group.contrasts, f"{group.family} contrast")
        yield f"{members} with {count(group.seeds, 'seed')}: {_can_show(group)}."
    for test in seen.test_images:
        points = f"{test.points:.2g} point{'s' if test.points != 1 else ''}"
        yield f"One of {test.images:,} test images is {points} of accuracy."
    digest = seen.preregistration_hash[:12]
    yield (
        f"Pre-registration hash: {digest}. It covers the claims, all settings of the baseline and "
        "its variants, the seeds, how contrasts are tested, and the metric with its margin."
    )


def _can_show(group: PlannedContrasts) -> str:
    if not group.method:
        return "too few for an interval or a test"
    test = (
        "Holm on paired t, which assumes normally distributed differences; with "
        f"{FLIP_PAIRS} seeds or more no such assumption is needed"
    )
    if group.smallest_p:
        test = f"the smallest adjusted p is {group.smallest_p:.2g} (max-T over sign flips)"
    return (
        f"{test}. Intervals reach about {group.half_width:.2g} standard deviations of the paired "
        f"differences to either side, and effects of {group.smallest_effect:.2g} of them or more "
        "are found with 80 % power"
    )


def _time(
    prepared: Prepared, rows: list[dict[str, Any]], config: RunConfig, options: PlanOptions
) -> Iterator[str]:
    """Yield how long what is left takes on this machine."""
    workers = config.resources.local_workers()
    machine = machine_words(config.resources)
    left = sum(row.get("seconds", 0.0) * _left(row) for row in rows) / workers
    if prepared.inputs and prepared.inputs.command and not prepared.done:
        yield "How long a trial takes is not known before one is done."
    if not left:
        return
    how = "from timed steps" if options.estimate else "a guess; --estimate times a few steps"
    how = "from those that are done" if prepared.inputs else how
    yield f"Left to train: {about(left)} on this machine ({machine}), {how}."

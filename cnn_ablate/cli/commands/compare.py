"""The command `compare`: the effects of two studies, profiles or machines side by side."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from rich.console import Console

from cnn_ablate.checks import check_results, meaningless
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import ComparedEffects, Comparison
from cnn_ablate.cli.text_table import print_rows
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.errors import UserError
from cnn_ablate.find_study import study_folder
from cnn_ablate.report import formatting
from cnn_ablate.schema import SOURCE_KEY, Effect, differences, hash_of, label
from cnn_ablate.stats import ComparedContrast, compare_studies, estimate_effects, margin_of
from cnn_ablate.store import Results, read
from cnn_ablate.study.edited_since_run import changed_sources
from cnn_ablate.text import capital, listed


def print_comparison(first: str, second: str, results: Path, *, as_json: bool) -> None:
    """Print the effects of two studies side by side.

    Raises:
        UserError: One of them was never run, or their effects are on different metrics.
    """
    first_study, second_study = _read(first, results), _read(second, results)
    one, other = (study.record.study.metric for study in (first_study, second_study))
    if one.name != other.name:
        what = f"effects are on {one.label} in one study, and on {other.label} in the other."
        raise UserError("compare", what, "Run one of them again with the metric of the other.")
    findings = (*check_results(first_study), *check_results(second_study))
    pairs = compare_studies(_effects(first_study), _effects(second_study), meaningless(findings))
    if as_json:
        remarks = tuple(_remarks(first_study, second_study))
        print_json(Comparison(contrasts=tuple(map(_compared, pairs)), remarks=remarks))
        return
    console = Console(highlight=False)
    titles = ("contrast", *_titles(first_study, second_study), "second - first", "verdict")
    print_rows(console, titles, map(_cells, pairs))
    effects = (effect for pair in pairs for effect in (pair.first, pair.second) if effect)
    star = [formatting.STAR] * any(effect.is_clipped for effect in effects)
    for line in ("", *star, *_remarks(first_study, second_study)):
        print_sentence(console, line)


def _read(word: str, results: Path) -> Results:
    """Read a study by its name or file, or by its folder, which may be a copy of any name."""
    folder = Path(word)
    if not (folder / "study.json").is_file():
        folder = results / study_folder(word)
    print_damaged_tables(folder)
    return read(folder.parent, folder.name, is_copy=True)


def _titles(first: Results, second: Results) -> tuple[str, str]:
    """Return the names of two studies, or their folders where the names are equal."""
    names = first.record.study.folder, second.record.study.folder
    is_copied = names[0] == names[1] and first.folder != second.folder
    return (str(first.folder), str(second.folder)) if is_copied else names


def _effects(study: Results) -> tuple[Effect, ...]:
    return estimate_effects(study.trials, study.record)


def _compared(pair: ComparedContrast) -> ComparedEffects:
    numbers = (pair.gap, *pair.interval)
    difference, low, high = (None if math.isnan(value) else value for value in numbers)
    return ComparedEffects(
        variant=pair.variant,
        reference=pair.reference,
        first=pair.first,
        second=pair.second,
        difference=difference,
        low=low,
        high=high,
        verdict=pair.verdict,
    )


def _cells(pair: ComparedContrast) -> tuple[str, ...]:
    unit = pair.first.metric.difference_unit if pair.first else ""
    gap = _amount(pair.gap, formatting.points_interval(*pair.interval, unit), unit)
    name = pair.variant if pair.reference == "baseline" else f"{pair.variant} - {pair.reference}"
    return name, _effect(pair.first), _effect(pair.second), gap, pair.verdict


def _effect(effect: Effect | None) -> str:
    if effect is None or effect.difference is None:
        return ""
    interval = formatting.family_interval(effect)
    shown = _amount(effect.difference, interval, effect.metric.difference_unit)
    return f"{shown} ({effect.seeds})"


def _amount(value: float, interval: str, unit: str) -> str:
    """Return a difference with its interval, as the ablation table prints both."""
    shown = f"{formatting.points(value, unit)} {interval}".rstrip()
    return shown.replace(formatting.MINUS, "-")


def _remarks(one: Results, other: Results) -> Iterator[str]:
    """Yield what else differs (budget, data, machine) and how many common trials agree."""
    metric = one.record.study.metric
    unit, margin = metric.difference_unit, margin_of(metric)
    yield (
        f"Effects on {metric.label}{f' in {unit}' if unit else ''} with the 95 % intervals of "
        "their families, which include zero where nothing is decided (number of seeds)."
    )
    agree = f"shown to be under {margin}: two one-sided tests at 5 %, for each contrast alone."
    yield (
        "The interval of second - first is Welch's at 95 %."
        f"{f' `agree` says that the difference is {agree}' if margin else ''}"
    )
    in_unit = f" in {metric.value_unit}" if metric.value_unit else ""
    names = dict.fromkeys(capital(study.record.plan.reference) for study in (one, other))
    means = f"{_reference(one)} / {_reference(other)}"
    yield f"{' / '.join(names)}, mean {metric.label}{in_unit} (seeds): {means}"
    overridden = {*one.record.study.forced, *other.record.study.forced}
    for key, *values, in_both in differences(
        one.record.study.baseline, other.record.study.baseline
    ):
        first, second = map(label, values)
        # Equal names of code whose contents differ.
        is_code = key.endswith(f".{SOURCE_KEY}") or first == second
        if in_both and key not in overridden and not is_code:
            yield f"{key}: {first} / {second}"
    if changed := changed_sources(one.record.plan, other.record.plan):
        yield f"Different contents: {listed(changed)}"
    for name, get in _CIRCUMSTANCES.items():
        found = get(one), get(other)
        if found[0] != found[1]:
            yield f"{name}: {found[0]} / {found[1]}"
    common = _done(one).merge(_done(other), on="hash", suffixes=("", "_other"))
    if len(common):
        same = int((common[metric.name] == common[f"{metric.name}_other"]).sum())
        yield f"{len(common)} trials are in both; {same} of them have the same {metric.label}."


def _reference(study: Results) -> str:
    """Return the mean over seeds of what others are compared with, and their number."""
    done, metric = _done(study), study.record.study.metric
    values = done.loc[done["variant"] == study.record.plan.reference, metric.name]
    if not len(values):
        return "none"
    return f"{formatting.level(metric, metric.scale * values.mean())} ({len(values)})"


def _done(study: Results) -> pd.DataFrame:
    """Return the finished trials with the hash that ends their id, since names may differ."""
    trials = study.trials[study.trials["status"] == "done"]
    return trials.assign(hash=trials["trial"].map(hash_of))


_CIRCUMSTANCES: dict[str, Callable[[Results], object]] = {
    "Overrides": lambda s: (
        ", ".join(f"{k} = {label(v)}" for k, v in s.record.study.forced.items()) or "nothing"
    ),
    "Data": lambda s: ", ".join(f"{d.name} {d.fingerprint[:8]}" for d in s.record.data),
    "Device": lambda s: s.record.compute.device,
    "Processor": lambda s: s.record.environment.processor,
    "GPU": lambda s: s.record.environment.gpu or "none",
    "Torch": lambda s: s.record.environment.torch,
}

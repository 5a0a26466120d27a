"""How each trial is computed: what the user says, what is pinned in the results, or a short race.

A recipe changes bits and never what is studied; once chosen for a network, a batch and a machine
it stays with the study.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import torch

from cnn_ablate import processes
from cnn_ablate.custom import is_users
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.messages import unknown
from cnn_ablate.runner.autotune import Candidate, fastest, pays
from cnn_ablate.runner.environment import gpu, processor
from cnn_ablate.runner.prepare import Prepared, RunConfig, facts_of
from cnn_ablate.runner.way import RECIPES, ComputeChoice
from cnn_ablate.schema import ComputeConfig, Trial, canonical
from cnn_ablate.store import Store, pinned, write_pins

# Rough seconds that one worker takes for a multiply-add, forward and backward, and for a batch:
# enough to see that a race would take longer than it could save.
_PER_MAC, _PER_BATCH = 2e-10, 1e-3


def recipes(
    survey: Prepared, todo: Sequence[Trial], where: RunConfig, terms: Resources
) -> dict[str, ComputeConfig]:
    """Give the recipe of each trial, by its id.

    Args:
        survey: The study laid out.
        todo: The trials to train.
        where: Says where recipes are pinned, and what the user wants: `auto` keeps what is
            pinned, or races where that is worth while.
        terms: Say on which device, and with how many workers.

    Raises:
        UserError: there is no such recipe, or no such width.
    """
    way = where.way
    start = named(way).model_copy(update={"device": terms.device})
    groups = alike(todo)
    if way.compute != "auto":
        chosen = dict.fromkeys(groups, start)
    else:
        chosen = _raced(survey, groups, where, start, terms.here())
    chosen = {key: _stacked(compute, way, groups[key]) for key, compute in chosen.items()}
    return {trial.id: chosen[key] for key, trials in groups.items() for trial in trials}


def alike(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    """Group trials that can be one stack: one shape of network, the same images and batches."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(_form(trial), []).append(trial)
    return groups


def _form(trial: Trial) -> str:
    """Write down what decides how a trial is best computed."""
    settings = trial.settings
    # The rate is no part of a shape, but whether there is a dropout at all is.
    model = {
        key: bool(value) if key.endswith("dropout") else value
        for key, value in settings["model"].items()
    }
    training = {key: settings["training"][key] for key in ("batch_size", "precision")}
    machine = [processor(), torch.__version__]
    return canonical([model, settings["data"], training, machine])


def named(way: ComputeChoice) -> ComputeConfig:
    """Give the recipe that the user names, or the one to start from.

    Raises:
        UserError: there is no such recipe, or no such width.
    """
    if way.compute not in {"auto", *RECIPES}:
        raise UserError(
            f"--recipe {way.compute}", *unknown("recipe", way.compute, ["auto", *RECIPES])
        )
    if way.stack not in {"auto", "off"} and not (way.stack.isdecimal() and int(way.stack) > 0):
        raise UserError(f"--stack {way.stack}", "is no width.", "Known: off, auto, or a number.")
    return RECIPES.get(way.compute, ComputeConfig())


def _stacked(compute: ComputeConfig, way: ComputeChoice, group: Sequence[Trial]) -> ComputeConfig:
    if way.stack == "auto":
        return compute
    width = int(way.stack) if way.stack.isdecimal() else 1
    users = is_users(group[0].settings["model"]["name"])
    return compute.model_copy(update={"stack": 1 if users else width})


def _raced(
    survey: Prepared,
    groups: Mapping[str, list[Trial]],
    where: RunConfig,
    start: ComputeConfig,
    workers: int,
) -> dict[str, ComputeConfig]:
    """Take what is pinned, race for the rest where there is much work, and pin the outcome."""
    store, folder = Store(where.results), survey.study.folder
    stacks = where.way.stack == "auto"
    place = " ".join(filter(None, (start.device, gpu(start.device))))
    names = {key: f"{place} {key}" for key in groups}
    pins = pinned(store, folder)
    entries = {
        name: entry
        for key, name in names.items()
        if name not in pins
        and (entry := _entry(survey, groups[key], start, workers, stacks=stacks))
    }
    if raced := _outcomes(entries, workers):
        # Another run may have raced meanwhile: what it pinned, it trains with.
        pins = raced | pinned(store, folder)
        write_pins(store, folder, pins)
    return {key: pins.get(name, start) for key, name in names.items()}


def _outcomes(entries: Mapping[str, Candidate], workers: int) -> dict[str, ComputeConfig]:
    """Race side by side, as the trials will run; a race that kills its process has no outcome."""
    if not entries:
        return {}
    found: dict[str, ComputeConfig] = {}
    with ProcessPoolExecutor(workers, mp_context=processes.context()) as pool:
        races = {name: pool.submit(fastest, entry) for name, entry in entries.items()}
        for name, race in races.items():
            with suppress(BrokenProcessPool):
                found[name] = race.result()
    return found


def _entry(
    survey: Prepared, group: Sequence[Trial], start: ComputeConfig, workers: int, *, stacks: bool
) -> Candidate | None:
    """Enter a group for the race, if there is enough to train."""
    trial = group[0]
    facts = facts_of(survey, trial)
    images = facts.counts(trial.settings["data"]).train
    batches = images / trial.settings["training"]["batch_size"]
    epochs = sum(one.settings["training"]["epochs"] for one in group) / min(workers, len(group))
    macs = survey.sizes[trial.variant].macs * images
    steps = epochs * batches
    # One candidate more than the recipe to start from, which has to be timed too.
    if not pays(macs * _PER_MAC / batches + _PER_BATCH, steps, candidates=2):
        return None
    return Candidate(
        trial,
        facts,
        start,
        steps=steps,
        mates=-(-len(group) // workers) if stacks else 1,
        folder=Path(survey.study.source).resolve().parent,
    )

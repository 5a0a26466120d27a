"""A study laid out: its plan, the size of each network, its data, and what is done of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cnn_ablate.custom import UserOptions
from cnn_ablate.data import DataSet, Images, Loader, load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.models import size
from cnn_ablate.plan import plan
from cnn_ablate.runner.retries import RetryPolicy
from cnn_ablate.runner.way import ComputeChoice
from cnn_ablate.schema import DataFacts, Finding, Plan, Size, Study, Trial, Variant, canonical
from cnn_ablate.settings import images_key, options_of, settle
from cnn_ablate.store import Store

Decoding = Callable[[int, int], None]
# Channels, height, width.
Shape = tuple[int, int, int]
GUESSED_SIZES = (50_000, 10_000)
"""Training and test images of a data set that is not here and that is not a published one."""


@dataclass(frozen=True)
class RunConfig:
    """Where results go, where data lies, and on what and how the trials run."""

    results: Path = Path("results")
    data: Path | None = None
    device: str = "auto"
    executor: str = "local"
    terms: Resources = field(default_factory=Resources)
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    way: ComputeChoice = field(default_factory=ComputeChoice)


@dataclass(frozen=True)
class Prepared:
    """A study before it runs; `missing` says why its data could not be had, if so.

    `images` are by the canonical text of the `data` section that names them; `findings` are None
    until it is audited; `home` is the folder that data sets were looked for in, if one was named.
    """

    study: Study
    plan: Plan
    sizes: Mapping[str, Size]
    data: tuple[DataFacts, ...]
    done: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    missing: UserError | None = None
    images: Mapping[str, Images] = field(default_factory=dict)
    findings: tuple[Finding, ...] | None = None
    home: Path | None = None


def survey(study: Study, where: RunConfig, decoding: Decoding | None = None) -> Prepared:
    """Lay out a study, measure its networks, and look what is done.

    Without its data the plan stands all the same, but nothing can be known as done.

    Args:
        study: As read.
        where: The places to look in.
        decoding: Told (images, of how many) while a data set is read for the first time.

    Raises:
        UserError: a network cannot take the images, or without them nobody knows their shape.
    """
    shelf = _OpenedData(study, where, decoding)
    try:
        layout = plan(study, settle, shelf.fingerprint)
    except UserError as missing:
        layout = plan(study, settle)
        sizes = _sizes(layout, shelf)
        return Prepared(study, layout, sizes, (), missing=missing, home=where.data)
    done, notes = Store(where.results).done(layout.trials)
    return Prepared(
        study,
        layout,
        _sizes(layout, shelf),
        tuple({one.facts.fingerprint: one.facts for one in shelf.opened.values()}.values()),
        frozenset(done),
        tuple(notes),
        images=shelf.images,
        home=where.data,
    )


def facts_of(survey: Prepared, trial: Trial) -> DataFacts:
    """Give the facts of the trial's data set, or what is known of it without the images."""
    for facts in survey.data:
        if facts.fingerprint == trial.fingerprint:
            return facts
    data = options_of("data", trial.settings["data"])
    form = data.form(survey.home)
    train, test = data.sizes or GUESSED_SIZES
    return DataFacts(
        name=data.name,
        fingerprint="",
        classes=form.classes,
        shape=form.shape,
        train=train,
        test=test,
    )


class _OpenedData:
    """The data sets of a study, each opened once."""

    def __init__(self, study: Study, where: RunConfig, decoding: Decoding | None) -> None:
        self.study = study
        self.where = where
        self.decoding = decoding
        self.opened: dict[str, Images] = {}
        self.images: dict[str, Images] = {}

    def fingerprint(self, section: Mapping[str, Any]) -> str:
        """Give the fingerprint of the data set that a `data` section names."""
        key = images_key(section)
        if key not in self.opened:
            options = options_of("data", section)
            self.opened[key] = load(options, self.where.data, self.decoding)
            _check_classes(self.opened[key])
        if canonical(section) not in self.images:
            self.images[canonical(section)] = self.opened[key]
            _try_augmentations(self.opened[key], options_of("data", section))
        return self.opened[key].facts.fingerprint

    def form(self, variant: Variant) -> tuple[Shape, int]:
        """Give the shape of a variant's images and the number of classes; raises UserError."""
        section = variant.settings["data"]
        images = self.images.get(canonical(section))
        options: DataSet = options_of("data", section)
        form = images.facts if images else options.form(self.where.data)
        options.normalize.build(form.shape[0])
        return form.shape, len(form.classes)


def _check_classes(images: Images) -> None:
    """Refuse images of one class, of which any network is right; raises UserError."""
    if len(images.facts.classes) < 2:
        what = "has one class; a classifier takes two or more."
        raise UserError(f"data set {images.facts.name}", what)


def _try_augmentations(images: Images, options: DataSet) -> None:
    """Augment a few images, if code of the user's is to do so; raises UserError."""
    if any(isinstance(step, UserOptions) for step in options.augment):
        next(Loader(images, options, seed=0, batch_size=1).epoch(0))


def _sizes(layout: Plan, shelf: _OpenedData) -> dict[str, Size]:
    return {v.name: _size(canonical(v.settings["model"]), *shelf.form(v)) for v in layout.variants}


@cache
def _size(model: str, shape: Shape, classes: int) -> Size:
    return size(options_of("model", json.loads(model)), shape, classes)

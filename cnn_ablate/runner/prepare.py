"""A study ready to run: its plan, network sizes and data, and the trials that are done."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import ceil
from pathlib import Path

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import Images
from cnn_ablate.errors import UserError
from cnn_ablate.external import InputFiles, find_inputs
from cnn_ablate.models import network_size
from cnn_ablate.plan import lay_out, plan, with_trials
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.data_sets import DataSets, OnDecoding, Shape
from cnn_ablate.schema import (
    DataFacts,
    ExternalTrainer,
    Finding,
    Plan,
    Size,
    Study,
    Trial,
    canonical,
)
from cnn_ablate.settings import (
    identifier,
    identity,
    options_of,
    resolve,
    resolver,
)
from cnn_ablate.store import Store, damaged_tables, tables_without_trials


@dataclass(frozen=True)
class Prepared:
    """A study before it runs.

    Attributes:
        study: As read.
        plan: Its variants, contrasts and trials.
        sizes: By variant name, without those that cannot be built.
        data: The data sets that were found.
        done: Ids of the trials that are done.
        notes: One sentence per damaged trial or table.
        missing: Why the data could not be loaded, if so.
        unreplaceable: Why a run may only replace the tables if it is to start afresh, if so.
        images: By the canonical text of the `data` section that names them.
        findings: None until the study is audited.
        data_folder: Where data sets were looked for first, if one was given.
        file: The text of the study file; '' if it was not read from one.
        unbuildable: Why a network cannot be built or called, by the names of its variants.
        inputs: The input files of an external trainer.
    """

    study: Study
    plan: Plan
    sizes: Mapping[str, Size]
    data: tuple[DataFacts, ...]
    done: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    missing: UserError | None = None
    unreplaceable: UserError | None = None
    images: Mapping[str, Images] = field(default_factory=dict)
    findings: tuple[Finding, ...] | None = None
    data_folder: Path | None = None
    file: str = ""
    inputs: InputFiles | None = None
    unbuildable: Mapping[str, UserError] = field(default_factory=dict)

    @cached_property
    def knows_image_counts(self) -> bool:
        """Whether the numbers of images are known: of published data sets also without them."""
        used = (options_of("data", variant.settings["data"]) for variant in self.plan.variants)
        return not self.missing or all(data.sizes for data in used)

    def macs(self, variant: str) -> int:
        """Return the multiply-adds of one image; 0 if the network cannot be built."""
        size = self.sizes.get(variant)
        return size.macs if size else 0

    @property
    def code_folder(self) -> Path:
        """The folder of the study file, in which user-defined code is searched first."""
        return Path(self.study.source).resolve().parent


def prepare(study: Study, config: RunConfig, on_decoding: OnDecoding | None = None) -> Prepared:
    """Plan a study, open its data, measure its networks and look up the trials that are done.

    Without its data a study can be planned all the same, but no trial is known to be done.

    Args:
        study: As read.
        config: Where results and data are.
        on_decoding: Called while a data set is read for the first time.

    Raises:
        UserError: a network cannot take the images, or their shape is unknown without the data;
            an input file of an external trainer is missing.
    """
    if study.trainer:
        return _prepare_external(study, study.trainer, config)
    with user_code_folder(Path(study.source).parent):
        return _prepare(study, config, on_decoding)


def _prepare(study: Study, config: RunConfig, on_decoding: OnDecoding | None) -> Prepared:
    data_sets = DataSets(config.data, on_decoding)
    variants = lay_out(study, resolve)
    try:
        planned = with_trials(variants, study, data_sets.fingerprint, identity)
    except UserError as missing:
        planned = with_trials(variants, study)
        sizes, faults = _sizes(planned, data_sets)
        return Prepared(
            study, planned, sizes, (), missing=missing, data_folder=config.data, unbuildable=faults
        )
    data_sets.check_splits(planned)
    store = Store(config.results)
    done, notes = store.done(planned.trials)
    sizes, faults = _sizes(planned, data_sets)
    return Prepared(
        study,
        planned,
        sizes,
        data_sets.facts(),
        frozenset(done),
        (*notes, *_damaged_tables(store, study)),
        unreplaceable=tables_without_trials(store, study.folder),
        images=data_sets.images,
        data_folder=config.data,
        file=_file_text(study),
        unbuildable=faults,
    )


def _prepare_external(study: Study, trainer: ExternalTrainer, config: RunConfig) -> Prepared:
    inputs = find_inputs(trainer, Path(study.source), but=[config.results])
    planned = plan(study, resolver(trainer), lambda _: inputs.fingerprint, identifier(trainer))
    store = Store(config.results)
    done, notes = store.done(planned.trials)
    return Prepared(
        study,
        planned,
        {},
        (),
        frozenset(done),
        (*notes, *_damaged_tables(store, study)),
        unreplaceable=tables_without_trials(store, study.folder),
        file=_file_text(study),
        inputs=inputs,
    )


def _damaged_tables(store: Store, study: Study) -> Iterator[str]:
    for path, what in damaged_tables(store.root / study.folder):
        yield f"{path}: {what} A run moves it to {store.damaged}, and writes it anew."


def _file_text(study: Study) -> str:
    path = Path(study.source)
    return path.read_text(encoding="utf-8-sig") if path.is_file() else ""


def data_facts(prepared: Prepared, trial: Trial) -> DataFacts:
    """Return the facts of a trial's data set, or what is known of it without its images.

    Where even their number is unknown, it is 0.
    """
    for facts in prepared.data:
        if facts.fingerprint == trial.fingerprint:
            return facts
    data = options_of("data", trial.settings["data"])
    spec = data.spec(prepared.data_folder)
    train, test = data.sizes or (0, 0)
    return DataFacts(
        name=data.name,
        fingerprint="",
        classes=spec.classes,
        shape=spec.shape,
        train=train,
        test=test,
    )


def training_steps(prepared: Prepared, trial: Trial) -> int:
    """Return the number of training steps of a trial."""
    training = trial.settings["training"]
    images = data_facts(prepared, trial).counts(trial.settings["data"]).train
    return int(training["epochs"] * ceil(images / training["batch_size"]))


def _sizes(planned: Plan, data_sets: DataSets) -> tuple[dict[str, Size], dict[str, UserError]]:
    """Return the sizes of the networks, and why some of them cannot be built; raises UserError.

    It is an error if the first variant is among the latter: the others are compared with it.
    """
    sizes: dict[str, Size] = {}
    faults: dict[str, UserError] = {}
    for variant in planned.variants:
        shape, classes = data_sets.spec(variant)
        try:
            sizes[variant.name] = _size(canonical(variant.settings["model"]), shape, classes)
        except UserError as fault:
            if not sizes:
                raise
            faults[variant.name] = fault
    return sizes, faults


@cache
def _size(model: str, shape: Shape, classes: int) -> Size:
    return network_size(options_of("model", json.loads(model)), shape, classes)

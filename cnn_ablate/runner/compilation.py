"""The compiled programs of a study: how many it needs, and their compilation before its trials."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import Images, load
from cnn_ablate.fork_server import process_pool
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import ComputeConfig, Trial, canonical
from cnn_ablate.settings import options_of
from cnn_ablate.train import Trainer
from cnn_ablate.train.aot import NotCompiledError, compiled_step, is_compiled, reason_for_eager
from cnn_ablate.train.loop import configure_torch
from cnn_ablate.train.program_settings import program_text


@dataclass(frozen=True)
class Source:
    """A trial whose step is to be compiled, with the folders of its data and its code."""

    trial: Trial
    data: Path | None
    code_folder: Path

    def trainer(self, compute: ComputeConfig) -> Trainer:
        """Build the trainer of the trial."""
        configure_torch(compute, self.trial)
        images = _images(canonical(self.trial.settings["data"]), self.data)
        return Trainer(self.trial, images, compute)


@cache
def _images(section: str, folder: Path | None) -> Images:
    """Open the images that the canonical text of a `data` section names, once per process."""
    return load(options_of("data", json.loads(section)), folder)


@dataclass(frozen=True)
class Compilation:
    """How the compilation of a step ended: the reason why not, if not, and its seconds."""

    reason: str
    seconds: float


def sources(prepared: Prepared, trials: Iterable[Trial], config: RunConfig) -> list[Source]:
    """Return one trial per program that some trials need, in their order."""
    by_program = {program_text(trial): trial for trial in reversed([*trials])}
    return [Source(t, config.data, prepared.code_folder) for t in reversed(by_program.values())]


def eager_reasons(needed: Iterable[Source], compute: ComputeConfig) -> Mapping[str, str]:
    """Return why a step has to be eager, by `program_text`, without compiling any."""
    reasons = {program_text(s.trial): reason_for_eager(s.trial, compute) for s in needed}
    return {text: reason for text, reason in reasons.items() if reason}


def compile_programs(
    needed: Iterable[Source], compute: ComputeConfig, workers: int
) -> Mapping[str, str]:
    """Compile what the cache lacks; return why a step cannot be, by `program_text`.

    Raises:
        UserError: there is no compiler, or the cache cannot be written.
    """
    needed = [*needed]
    with process_pool(workers) as pool:
        ended = pool.map(compile_step, needed, [compute] * len(needed))
        pairs = zip(needed, ended, strict=True)
        return {program_text(s.trial): e.reason for s, e in pairs if e.reason}


def compile_step(source: Source, compute: ComputeConfig) -> Compilation:
    """Compile the step of a trial, unless the cache has it."""
    began = time.perf_counter()
    with user_code_folder(source.code_folder):
        reason = reason_for_eager(source.trial, compute)
        if not reason:
            try:
                compiled_step(source.trainer(compute))
            except NotCompiledError as error:
                reason = error.what
    return Compilation(reason, time.perf_counter() - began)


def is_missing(source: Source, compute: ComputeConfig) -> bool:
    """Return whether the cache lacks the program of a trial."""
    with user_code_folder(source.code_folder):
        return not is_compiled(source.trainer(compute))

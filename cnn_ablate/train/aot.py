"""The program `aot`: the whole training step of a network as one compiled shared library.

A step is traced once, compiled by AOTInductor, checked against eager steps, and kept in the cache,
from which all workers and later studies load it.
"""

import json
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from cnn_ablate.errors import UserError
from cnn_ablate.models import set_dropout_keys
from cnn_ablate.models.fast_cpu_ops import plain_operations
from cnn_ablate.schema import ComputeConfig, Trial
from cnn_ablate.settings import build_options
from cnn_ablate.train.check_program import check
from cnn_ablate.train.compiler import compile_graph, load_library, program_key
from cnn_ablate.train.program import EpochMetrics
from cnn_ablate.train.program_cache import ProgramCache
from cnn_ablate.train.tensor_step import batches, step_tensors, tensor_step
from cnn_ablate.train.trainer import Trainer

# The devices of the backends that do not execute one operation at a time.
DEVICES = {"aot": "cpu", "graph": "cuda"}


class NotCompiledError(UserError):
    """A trial whose step cannot be one compiled program."""


class CompiledStep(NamedTuple):
    """A shared library, and the number of parameters that no gradient reaches."""

    library: Path
    dead_parameters: int


def reason_for_eager(trial: Trial, compute: ComputeConfig) -> str:
    """Return why a trial's steps have to be executed one operation at a time; '' if they need not.

    Code from elsewhere may do anything in a step; the others change something from step to step
    that a compiled program holds fixed.
    """
    options = build_options(trial.settings)
    names = [trial.settings["model"]["name"], *(step.name for step in options.data.augment)]
    # The user's modules, and networks of libraries, which may have frozen layers.
    if foreign := [name for name in names if ":" in name]:
        return f"{foreign[0]} is code of the user or of a library."
    if options.training.average == "ema":
        return "training.average: ema changes the average in every step."
    if getattr(options.schedule, "cycle_momentum", False):
        return "schedule.cycle_momentum changes the momentum in every step."
    device = DEVICES[compute.backend]
    return "" if compute.device == device else f"it needs --device {device}."


class AotProgram:
    """Executes each step by one call of a compiled program, without Python."""

    def __init__(self, trainer: Trainer, step: CompiledStep | None = None) -> None:
        self.trainer = trainer
        self.tensors = step_tensors(trainer)
        self.step = step or compiled_step(trainer)
        self.inputs = self.tensors.flat()

    @cached_property
    def run(self) -> Callable[[list[Tensor]], None]:
        """The compiled step: a function of the tensors of `inputs`, which it changes."""
        return load_library(self.step.library)

    def run_epoch(self, epoch: int, on_step: Callable[[int], None]) -> EpochMetrics:
        """Train on every batch of an epoch once."""
        trainer, sizes = self.trainer, list[int]()
        trainer.model.train()
        trainer.history.dead_parameters = self.step.dead_parameters
        for size in batches(trainer, self.tensors, epoch):
            if size == trainer.loader.batch_size:
                self.run(self.inputs)
            else:  # a smaller last batch is not worth a second program
                tensor_step(trainer, self.tensors, size)
                set_dropout_keys(trainer.model, None)
            sizes.append(size)
            on_step(size)
        return EpochMetrics(self.tensors.losses, self.tensors.hits, sizes)


# What this process has traced, by settings: trials that differ in their seed share a program.
_steps: dict[str, CompiledStep] = {}


def compiled_step(trainer: Trainer) -> CompiledStep:
    """Return the program of a trainer's steps; it is compiled if the cache has none.

    Raises:
        UserError: there is no compiler.
        NotCompiledError: the step cannot be compiled.
    """
    trial = trainer.trial
    known = json.dumps([trial.settings, trial.fingerprint, trainer.compute.model_dump()])
    if known not in _steps:
        if reason := reason_for_eager(trial, trainer.compute):
            raise _not_compiled(trial, reason)
        _steps[known] = _find_or_compile(trainer)
    return _steps[known]


def _find_or_compile(trainer: Trainer) -> CompiledStep:
    inputs = step_tensors(trainer).flat()
    graph, unreached = trace(trainer)
    weights = dict(trainer.model.named_parameters())
    dead = sum(weights[name].numel() for name in unreached)

    def build(folder: Path) -> None:
        library = folder / "step.so"
        compile_graph(graph, inputs, library)
        step = CompiledStep(library, dead)
        check(trainer, lambda new: partial(AotProgram(new, step).run_epoch, 0))

    entry = ProgramCache().find_or_build(program_key(graph, inputs), build)
    if entry.error:
        raise _not_compiled(trainer.trial, entry.error)
    return CompiledStep(entry.folder / "step.so", dead)


def _not_compiled(trial: Trial, reason: str) -> NotCompiledError:
    what = f"its training step cannot be compiled: {reason}"
    return NotCompiledError(f"variant {trial.variant}", what, "Use --compute eager.")


def is_compiled(trainer: Trainer) -> bool:
    """Return whether the cache has the program of a trainer's steps."""
    cache = ProgramCache()
    if not cache.entries():
        return False
    return cache.has(program_key(trace(trainer)[0], step_tensors(trainer).flat()))


def trace(trainer: Trainer) -> tuple[GraphModule, list[str]]:
    """Record the operations of a step, and the names of the weights that no gradient reaches."""
    tensors, unreached = step_tensors(trainer), list[str]()
    trainer.model.train()

    def traced(*flat: Tensor) -> tuple[Tensor]:
        replaced = tensors.replaced(flat)
        unreached[:] = tensor_step(trainer, replaced, trainer.loader.batch_size)
        return (replaced.position,)

    with plain_operations():
        tracer = make_fx(traced, tracing_mode="fake", _allow_non_fake_inputs=True)
        graph = tracer(*tensors.flat())
    set_dropout_keys(trainer.model, None)
    return graph, unreached

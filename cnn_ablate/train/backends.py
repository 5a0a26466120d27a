"""The backends: how training steps are executed, by the name in the compute settings."""

from collections.abc import Mapping

from cnn_ablate.train.aot import AotProgram
from cnn_ablate.train.graph import GraphProgram
from cnn_ablate.train.program import EagerProgram, Program
from cnn_ablate.train.trainer import Trainer

BACKENDS: Mapping[str, type[Program]] = {
    "aot": AotProgram,
    "eager": EagerProgram,
    "graph": GraphProgram,
}


def build_program(trainer: Trainer) -> Program:
    """Return the program that the compute settings of a trainer name."""
    return BACKENDS[trainer.compute.backend](trainer)

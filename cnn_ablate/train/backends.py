"""The backends: how the training steps of one trial are executed, by their name."""

from collections.abc import Mapping

from cnn_ablate.train.aot import AotProgram
from cnn_ablate.train.program import EagerProgram, Program
from cnn_ablate.train.trainer import Trainer

# `graph` is in `train.graph`: it trains several trials at once.
BACKENDS: Mapping[str, type[Program]] = {"aot": AotProgram, "eager": EagerProgram}


def build_program(trainer: Trainer) -> Program:
    """Return the program that the compute settings of a trainer name."""
    return BACKENDS[trainer.compute.backend](trainer)

"""When the state of a trial is kept: after an epoch, but never so often that it costs much."""

import sys
import time

from cnn_ablate.errors import UserError
from cnn_ablate.executors.protocol import CheckpointStore
from cnn_ablate.schema import Trial

# Keeping states takes at most this share of the time: a short epoch may go without.
_SHARE = 0.02


class Checkpoints:
    """Keeps the states of one trial, at least `every` seconds apart."""

    def __init__(self, states: CheckpointStore, trial: Trial, every: float = 0.0) -> None:
        self.states, self.trial, self.every = states, trial, every
        self.cost = 0.0
        self.asked = self.kept = time.monotonic()

    def due(self) -> bool:
        """Say whether it is time; what the state costs to make is counted from here."""
        self.asked = time.monotonic()
        return self.asked - self.kept >= max(self.every, self.cost / _SHARE)

    def keep(self, state: bytes) -> None:
        """Keep a state; a trial goes on without where there is no room for it."""
        try:
            self.states.save_checkpoint(self.trial, state)
        except UserError as fault:
            sys.stderr.write(f"Its state could not be kept: {fault}\n")
        self.kept = time.monotonic()
        self.cost = self.kept - self.asked

"""When to save a checkpoint: after an epoch, but never so often that it takes much time."""

import sys
import time

from cnn_ablate.errors import UserError
from cnn_ablate.executors.protocol import CheckpointStore
from cnn_ablate.schema import Trial

# The largest share of a training's time that checkpoints may take, so that some short epochs have
# none.
_MAX_SHARE = 0.02


class Checkpoints:
    """Saves the checkpoints of one trial, at least `every` seconds apart."""

    def __init__(self, store: CheckpointStore, trial: Trial, every: float = 0.0) -> None:
        self.store, self.trial, self.every = store, trial, every
        self.cost = 0.0
        self.started = self.saved = time.monotonic()

    def is_due(self) -> bool:
        """Return whether to save a checkpoint now.

        The cost of one is measured from this call on, so that it includes copying the state.
        """
        self.started = time.monotonic()
        return self.started - self.saved >= max(self.every, self.cost / _MAX_SHARE)

    def save(self, state: bytes) -> None:
        """Save a checkpoint; if that fails, for instance on a full disk, training continues."""
        try:
            self.store.save_checkpoint(self.trial, state)
        except UserError as error:
            sys.stderr.write(f"No checkpoint could be saved: {error}\n")
        self.saved = time.monotonic()
        self.cost = self.saved - self.started

"""All that a training works with: network, data, optimizer, and what it has come to so far."""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from cnn_ablate.data import Batch, Images, Loader, views
from cnn_ablate.models import Dropout, set_dropout_keys, size
from cnn_ablate.rng import Draws
from cnn_ablate.schema import ComputeConfig, EpochRow, Trial
from cnn_ablate.settings import build_options
from cnn_ablate.train.artifacts import copied
from cnn_ablate.train.averaging import Average
from cnn_ablate.train.evaluate import Evaluation, answers, judged, merged

_LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
_STATEFUL = ("model", "optimizer", "schedule", "average")


@dataclass
class History:
    """What a training has come to; with the weights, all that is needed to go on."""

    rows: list[EpochRow] = field(default_factory=list)
    steps: list[tuple[int, float]] = field(default_factory=list)
    selected: int = 0
    best_score: float = -1.0
    dead: int | None = None
    diverged: str = ""


class Trainer:
    """One trial's network, optimizer, schedule, loss and data, built from its settings."""

    def __init__(self, trial: Trial, images: Images, compute: ComputeConfig) -> None:
        self.trial, self.compute = trial, compute
        self.parts = build_options(trial.settings)
        self.facts = images.facts
        training = self.parts.training
        model = self.parts.model.initialised(
            self.facts.shape, len(self.facts.classes), seed=trial.seed, scheme=training.init
        )
        self.device = torch.device(compute.device)
        self.layout = _LAYOUTS[compute.layout]
        self.model = model.to(compute.device).to(memory_format=self.layout)
        # Listed once: to look for them in each step of a small network can be felt.
        self.parameters = list(self.model.parameters())
        self.drops = any(isinstance(part, Dropout) for part in self.model.modules())
        self.loader = Loader(
            images,
            self.parts.data,
            seed=trial.seed,
            batch_size=training.batch_size,
            device=compute.device,
        )
        self.optimizer = self.parts.optimizer.build(self.model, fused=compute.fused)
        self.schedule = self.parts.schedule.build(
            self.optimizer, epochs=training.epochs, steps_per_epoch=self.loader.steps
        )
        self.average = Average(self.model, training)
        self.loss = self.parts.loss.build()
        self.log = History()
        self.kept: dict[str, Tensor] = {}
        # The parameters that no gradient reaches, once a stack has looked.
        self.unreached: frozenset[str] | None = None
        # What the test images said of the weights as they are, if they were asked.
        self.last_test: Evaluation | None = None

    def ready(self, epoch: int, batch: Batch) -> Tensor:
        """Tell dropout whose masks to draw, and give a batch's images as the network takes them."""
        if self.drops:
            set_dropout_keys(self.model, self.dropout_keys(epoch, batch))
        return self.laid_out(batch)

    def laid_out(self, batch: Batch) -> Tensor:
        """Give a batch's images in the memory layout of the recipe."""
        return batch.images.contiguous(memory_format=self.layout)

    def logits(self, images: Tensor) -> Tensor:
        """Run the network in the trial's precision."""
        with self.autocast():
            logits: Tensor = self.model(images)
        return logits.float()

    def dropout_keys(self, epoch: int, batch: Batch) -> Tensor:
        """Give one key a sample: its masks are the same whatever batch or stack it is in."""
        return Draws(self.trial.seed, epoch, batch.samples).keys("dropout")

    def update(self, epoch: int) -> None:
        """Step along the gradients that lie in the network's parameters."""
        if clip := self.parts.training.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters, clip)
        self.optimizer.step()
        self.schedule.after_step()
        self.average.after_step(self.model, epoch)

    def autocast(self) -> AbstractContextManager[object]:
        """Compute convolutions and matrix products in the trial's precision."""
        if self.parts.training.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def evaluated(self, batches: Iterable[Batch]) -> Evaluation:
        """Measure the network as it is now."""
        with self.autocast():
            return judged(answers(self.model, batches))

    def measured(self) -> dict[str, float]:
        """Measure an epoch: on the validation images, and on the test images where that is meant.

        The test images are looked at every epoch only if nothing else could draw a curve, or if
        the epoch is to be selected on them.
        """
        found: dict[str, float] = {}
        if self.loader.validates:
            val = self.evaluated(self.loader.val())
            found |= {"val_loss": val.loss, "val_accuracy": val.accuracy}
        if not self.loader.validates or self.parts.training.select == "best_test":
            self.last_test = test = self.evaluated(self.loader.test())
            found |= {"test_loss": test.loss, "test_accuracy": test.accuracy}
        return found

    def tested(self) -> Evaluation:
        """Measure the network on the test images, in all the views that are to be averaged."""
        training = self.parts.training
        if self.last_test and not training.tta:
            return self.last_test
        with self.autocast():
            said = [
                answers(self.model, self.loader.test(view=view))
                for view in views(training.tta or ("identity",))
            ]
        return judged(merged(said, training.tta_average))

    def macs(self) -> int:
        """Count the multiply-adds of one image, forward."""
        return size(self.parts.model, self.facts.shape, len(self.facts.classes)).macs

    def weights(self) -> dict[str, Tensor]:
        """Copy the network's state."""
        return copied(self.model.state_dict())

    def keep_weights(self) -> None:
        """Keep the network as it is now, for `take_reported`."""
        self.kept = self.weights()

    def take_reported(self) -> None:
        """Put into the network the weights to report: those kept, averaged, or just the last."""
        if self.kept:
            self.model.load_state_dict(self.kept)
        with self.autocast():
            self.average.take(self.model, self.loader.epoch(len(self.log.rows)))
        if self.kept or self.average.has_begun:
            self.last_test = None

    def state(self) -> dict[str, Any]:
        """Give all that is needed to go on."""
        return {
            "recipe": self._bits(),
            "log": json.dumps(asdict(self.log), default=EpochRow.model_dump),
            "kept": self.kept,
            **{name: getattr(self, name).state_dict() for name in _STATEFUL},
            # A network of a stack looks at the weights of all; only its own are kept.
            "model": self.weights(),
        }

    def fits(self, state: dict[str, Any]) -> bool:
        """Say whether a state was computed as this bench computes; else its bits mean nothing."""
        return bool(state["recipe"] == self._bits())

    def _bits(self) -> str:
        # For want of memory a training goes on in parts of its batches.
        return self.compute.model_dump_json(exclude={"micro_batch"})

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        log = json.loads(state["log"])
        rows = [EpochRow(**row) for row in log.pop("rows")]
        steps = [(batch, loss) for batch, loss in log.pop("steps")]
        self.log = History(rows=rows, steps=steps, **log)
        self.kept = state["kept"]
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])

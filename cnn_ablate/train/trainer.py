"""A trial's network, optimizer, scheduler, loss and data, and the history of its training."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from cnn_ablate.data import Batch, Images, Loader, views
from cnn_ablate.models import network_size, set_dropout_keys, with_dropout
from cnn_ablate.rng import Draws
from cnn_ablate.schema import ComputeConfig, EpochRow, Trial
from cnn_ablate.settings import build_options
from cnn_ablate.train.artifacts import copy_state
from cnn_ablate.train.averaging import WeightAverage
from cnn_ablate.train.evaluate import Evaluation, Outputs, average_views, evaluate, predict_logits
from cnn_ablate.train.recalibration import recalibrate_norms

_MEMORY_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
# What a checkpoint holds beside the history and the best weights.
_STATEFUL = ("model", "optimizer", "scheduler", "average")


@dataclass
class History:
    """The record of a training so far.

    Attributes:
        epochs: One row per epoch.
        running_losses: Pairs of (batches seen, mean loss since the pair before), if asked for.
        selected_epoch: The epoch whose weights are reported, counted from 1; 0 before the first.
        best_score: The value that this epoch was selected by.
        dead_parameters: How many parameters no gradient reached in the first step.
        divergence: Why the training diverged; empty if it did not.
    """

    epochs: list[EpochRow] = field(default_factory=list)
    running_losses: list[tuple[int, float]] = field(default_factory=list)
    selected_epoch: int = 0
    best_score: float = -1.0
    dead_parameters: int | None = None
    divergence: str = ""


class Trainer:
    """All that training a trial needs, built from its settings."""

    def __init__(self, trial: Trial, images: Images, compute: ComputeConfig) -> None:
        self.trial, self.images, self.compute = trial, images, compute
        self.options = build_options(trial.settings)
        self.facts = images.facts
        training = self.options.training
        # Initialised on the CPU, whatever the device, so that all devices start from the same bits.
        model = self.options.model.build_initialised(
            self.facts.shape, len(self.facts.classes), seed=trial.seed, scheme=training.init
        )
        self.device = torch.device(compute.device)
        self.memory_format = _MEMORY_FORMATS[compute.layout]
        self.model = model.to(compute.device).to(memory_format=self.memory_format)
        # Listed once: walking the modules in each step of a small network takes noticeable time.
        self.parameters = list(self.model.parameters())
        self.has_dropout = with_dropout(self.model)
        self.loader = Loader(
            images,
            self.options.data,
            seed=trial.seed,
            batch_size=training.batch_size,
            device=compute.device,
        )
        self.optimizer = self.options.optimizer.build(self.model, fused=compute.fused)
        self.scheduler = self.options.schedule.build(
            self.optimizer, epochs=training.epochs, steps_per_epoch=self.loader.steps_per_epoch
        )
        self.average = WeightAverage(self.model, training)
        self.loss = self.options.loss.build(self.loader.images_per_class).to(compute.device)
        self.history = History()
        self.best_weights: dict[str, Tensor] = {}
        # The evaluation on the test images of the weights as they are now, if there was one.
        self.last_test: Evaluation | None = None

    def autocast(self) -> AbstractContextManager[object]:
        """Compute convolutions and matrix products in the trial's precision in this context."""
        # Unlike float16, bfloat16 has the exponents of float32, so losses need no scaling.
        if self.options.training.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def dropout_keys(self, epoch: int, samples: Tensor) -> Tensor | None:
        """Return the keys of samples for dropout masks; None if there is no dropout.

        One key per sample, from its seed, epoch and index: a mask does not depend on the batch
        that the sample is in, on the device, or on what this process drew before.
        """
        draws = Draws(self.trial.seed, epoch, samples)
        return draws.keys("dropout") if self.has_dropout else None

    def logits(
        self, images: Tensor, keys: Tensor | None, tensors: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Compute the float32 logits (n, classes) of a training batch.

        Args:
            images: Augmented and normalised.
            keys: From `dropout_keys`.
            tensors: By name, in place of the network's own parameters and buffers.
        """
        if keys is not None:
            set_dropout_keys(self.model, keys)
        images = images.contiguous(memory_format=self.memory_format)
        with self.autocast():
            logits: Tensor = (
                functional_call(self.model, tensors, (images,)) if tensors else self.model(images)
            )
        return logits.float()

    def evaluate(self, batches: Iterable[Batch]) -> Evaluation:
        """Evaluate the network as it is now."""
        with self.autocast():
            return evaluate(predict_logits(self.model, batches))

    @property
    def evaluated_sets(self) -> tuple[str, ...]:
        """The sets of images that each epoch is evaluated on: `val`, `test`, or both.

        The test images are used in every epoch only if there are no validation images to draw a
        curve from, or if the epoch to report is selected on them.
        """
        tests = not self.loader.has_validation or self.options.training.select == "best_test"
        return ("val",) * self.loader.has_validation + ("test",) * tests

    def image_set(self, name: str) -> Iterator[Batch]:
        """Return the batches of one of `evaluated_sets`."""
        return self.loader.val() if name == "val" else self.loader.test()

    def evaluate_epoch(self, outputs: Mapping[str, Outputs] | None = None) -> dict[str, float]:
        """Compute the losses and accuracies that an epoch records, by column.

        Args:
            outputs: Those of `evaluated_sets`, by name, if they have been computed.
        """
        columns: dict[str, float] = {}
        for name in self.evaluated_sets:
            with self.autocast():
                found = outputs or {name: predict_logits(self.model, self.image_set(name))}
                evaluation = evaluate(found[name])
            columns |= {f"{name}_loss": evaluation.loss, f"{name}_accuracy": evaluation.accuracy}
            if name == "test":
                self.last_test = evaluation
        return columns

    def test(self) -> Evaluation:
        """Evaluate the network on the test images, averaged over the views that `tta` names."""
        training = self.options.training
        if self.last_test and not training.tta:
            return self.last_test
        with self.autocast():
            outputs = [
                predict_logits(self.model, self.loader.test(view=view))
                for view in views(training.tta or ("identity",))
            ]
        return evaluate(average_views(outputs, training.tta_average))

    def macs(self) -> int:
        """Count the multiply-adds of a forward pass of one image."""
        return network_size(self.options.model, self.facts.shape, len(self.facts.classes)).macs

    def weights(self) -> dict[str, Tensor]:
        """Copy the state dict of the network to the CPU."""
        return copy_state(self.model.state_dict())

    def keep_best_weights(self) -> None:
        """Keep a copy of the weights as they are now, for `load_reported_weights`."""
        self.best_weights = self.weights()

    def load_reported_weights(self) -> None:
        """Load the weights to report into the network: the best, the averaged, or the last."""
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)
        epoch = len(self.history.epochs)
        with self.autocast():
            self.average.load_into(self.model, self.loader.epoch(epoch))
            if self.options.training.recalibrate_norm:
                recalibrate_norms(self.model, self.loader.plain_epoch(epoch))
        if self.best_weights or self.reports_new_weights:
            self.last_test = None

    @property
    def reports_new_weights(self) -> bool:
        """Whether the network that is reported is that of no epoch, so that none evaluated it."""
        return self.average.has_begun or self.options.training.recalibrate_norm

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to resume: tensors and plain values only."""
        # As JSON, since a file that is opened with `weights_only` may not hold other classes.
        return {
            "compute": self.compute.model_dump_json(),
            "history": json.dumps(asdict(self.history), default=EpochRow.model_dump),
            "best_weights": self.best_weights,
            **{name: getattr(self, name).state_dict() for name in _STATEFUL},
        }

    def can_resume(self, state: dict[str, Any]) -> bool:
        """Return whether a state has these compute settings; else results would have other bits."""
        return bool(state.get("compute") == self.compute.model_dump_json())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state that `state_dict` returned."""
        history = json.loads(state["history"])
        epochs = [EpochRow(**row) for row in history.pop("epochs")]
        running_losses = [(batches, loss) for batches, loss in history.pop("running_losses")]
        self.history = History(epochs=epochs, running_losses=running_losses, **history)
        self.best_weights = state["best_weights"]
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])

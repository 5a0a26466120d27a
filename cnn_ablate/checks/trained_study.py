"""What the checks look at: a study that was run, with the lookups that several of them need."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from cnn_ablate.schema import DataFacts
from cnn_ablate.store import Results
from cnn_ablate.text import count


@dataclass(frozen=True)
class TrainedStudy:
    """A study that was run, as the checks see it."""

    results: Results

    @cached_property
    def done(self) -> pd.DataFrame:
        """The trials that ended well, one row each."""
        trials = self.results.trials
        return trials[trials["status"] == "done"]

    @cached_property
    def settings(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The complete settings of each variant, by section."""
        return {v.name: v.settings for v in self.results.record.plan.variants}

    @cached_property
    def test_images(self) -> dict[str, int]:
        """The number of test images of each trial."""
        classes = self.results.classes
        if classes.empty:
            return {}
        return {str(k): int(n) for k, n in classes.groupby("trial")["n"].sum().items()}

    @cached_property
    def floor(self) -> dict[str, float]:
        """Per trial, the accuracy of always naming the most frequent class of its test images."""
        classes = self.results.classes
        if classes.empty:
            return {}
        largest = classes.groupby("trial")["n"].max()
        return {str(k): n / self.test_images[str(k)] for k, n in largest.items()}

    @cached_property
    def last_epochs(self) -> pd.DataFrame:
        """The last epoch of each trial, indexed by trial."""
        epochs = self.results.epochs
        if epochs.empty:
            return pd.DataFrame(columns=["train_accuracy"])
        return epochs.loc[epochs.groupby("trial")["epoch"].idxmax()].set_index("trial")

    @cached_property
    def by_variant(self) -> list[tuple[str, pd.DataFrame]]:
        """The trials that are done, by variant."""
        return [(str(name), own) for name, own in self.done.groupby("variant", sort=False)]

    @cached_property
    def seeds(self) -> dict[str, int]:
        """The number of seeds that each variant has done."""
        return {name: len(trials) for name, trials in self.by_variant}

    def of_seeds(self, variant: str, affected: int) -> str:
        """Return how many of a variant's seeds are affected: `2 of 8 seeds`."""
        return f"{affected} of {count(self.seeds[variant], 'seed')}"

    def contrasts_of(self, variants: Collection[str]) -> list[tuple[str, str]]:
        """Return the contrasts, as (variant, reference), with one of the variants on a side."""
        contrasts = self.results.record.plan.contrasts
        pairs = [(c.variant, c.reference) for c in contrasts]
        return [pair for pair in pairs if not set(pair).isdisjoint(variants)]

    def where(self, variants: Collection[str]) -> str:
        """Return the place of a finding: `variant baseline`, `12 variants`."""
        return (
            f"variant {next(iter(variants))}" if len(variants) == 1 else f"{len(variants)} variants"
        )

    def steps(self, variant: str) -> int:
        """Return how many optimizer steps a training of a variant takes; 0 if unknown."""
        if self.results.record.study.trainer:
            return 0
        settings = self.settings[variant]
        facts = self._data(settings["data"]["name"])
        if facts is None:
            return 0
        training = settings["training"]
        batches = -(-facts.counts(settings["data"]).train // int(training["batch_size"]))
        return batches * int(training["epochs"])

    def _data(self, name: str) -> DataFacts | None:
        data = self.results.record.data
        return next((facts for facts in data if facts.name == name), data[0] if data else None)

"""What every figure and table of a report draws from: results, and what statistics made of them."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cnn_ablate.report import words
from cnn_ablate.schema import Effect
from cnn_ablate.stats import by_seed, count, means, measure
from cnn_ablate.store import Results


@dataclass(frozen=True)
class Measured:
    """The results of a study with the effects found in them."""

    results: Results
    effects: tuple[Effect, ...]

    @classmethod
    def of(cls, results: Results) -> "Measured":
        """Measure the effects of a study."""
        contrasts = results.record.plan.contrasts
        return cls(results, measure(results.trials, contrasts, read=results.predictions))

    def differences(self, effect: Effect) -> dict[str, float]:
        """Give the difference that each seed makes, in the unit of the effect."""
        values = by_seed(self.trials, [effect.variant, effect.reference], effect.metric)
        single = values[effect.variant] - values[effect.reference]
        return {f"seed {seed}": float(value) for seed, value in single.items()}

    @cached_property
    def means(self) -> pd.DataFrame:
        """Average test accuracy over seeds, by variant, with its intervals."""
        return means(self.trials, images=self.images).set_index("variant")

    @cached_property
    def images(self) -> int:
        """The number of test images that each trial was tested on."""
        classes = self.results.classes
        return int(classes.groupby("trial")["n"].sum().max()) if len(classes) else 0

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The rows of results.csv that are done."""
        return self.results.trials[self.results.trials["status"] == "done"]

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """The epochs of finished trials."""
        return self._finished(self.results.epochs)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The running losses of finished trials."""
        return self._finished(self.results.steps)

    def _finished(self, rows: pd.DataFrame) -> pd.DataFrame:
        if rows.empty:
            return rows
        # Trials that ended before their first row leave columns without a type.
        return rows[rows["trial"].isin(self.trials["trial"])].infer_objects()

    @cached_property
    def reference(self) -> str:
        """The variant that the others are shown against: the baseline, or most contrasts' other."""
        plan = self.results.record.plan
        names = [variant.name for variant in plan.variants]
        if "baseline" in names or not plan.contrasts:
            return "baseline" if "baseline" in names else names[0]
        others = [contrast.reference for contrast in plan.contrasts]
        return max(names, key=others.count)

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Variants with a finished trial: the reference first, the others in the plan's order."""
        done = set(self.trials["variant"])
        names = [variant.name for variant in self.results.record.plan.variants]
        ordered = [self.reference, *(name for name in names if name != self.reference)]
        return tuple(name for name in ordered if name in done)

    @cached_property
    def short(self) -> dict[str, str]:
        """Variants by name: names short enough for a figure."""
        return words.shortened(variant.name for variant in self.results.record.plan.variants)

    @cached_property
    def budget(self) -> str:
        """Say in a few words what the trials had: seeds, epochs, test images."""
        seeds = words.seeds(self.trials.groupby("variant")["seed"].nunique())
        epochs = sorted({int(epochs) for epochs in self.trials["epochs"]})
        last = count(epochs[-1], "epoch")
        spread = f"{epochs[0]} to {last}" if len(epochs) > 1 else last
        profile = self.results.record.study.profile
        profiled = f", profile {profile}" if profile else ""
        return f"{seeds}, {spread}, {self.images:,} test images{profiled}"

    def farthest(self, values: pd.Series) -> list[str]:
        """List variants by how far their value is from the reference's, which comes first."""
        if self.reference not in values:
            return [str(name) for name in values.index]
        distance = (values - values[self.reference]).abs()
        distance[self.reference] = float("inf")
        return [str(name) for name in distance.sort_values(ascending=False, kind="stable").index]

    def in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Sort rows into the order of the variants."""
        rank = {name: index for index, name in enumerate(self.variants)}
        return frame.sort_values("variant", key=lambda names: names.map(rank), kind="stable")

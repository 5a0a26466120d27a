"""What every figure and table of a report draws from: results, and what statistics made of them."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cnn_ablate.report import formats
from cnn_ablate.schema import Effect
from cnn_ablate.stats import by_seed, count, count_range, derived, forced, means, measure
from cnn_ablate.store import Results

NEAR = 0.9


@dataclass(frozen=True)
class Course:
    """How fast and how steadily trials learned: what `stats.derived` adds to results.csv.

    The threshold is nine tenths of the best accuracy of the reference, a fraction.
    """

    threshold: float
    trials: pd.DataFrame


@dataclass(frozen=True)
class ReportContext:
    """The results of a study with the effects found in them."""

    results: Results
    effects: tuple[Effect, ...]

    @classmethod
    def of(cls, results: Results) -> "ReportContext":
        """Measure the effects of a study."""
        contrasts = results.record.plan.contrasts
        return cls(results, measure(results.trials, contrasts, read=results.predictions))

    @cached_property
    def planned(self) -> dict[str, int]:
        """How many seeds each variant is to have."""
        return self.results.record.plan.seed_counts

    def differences(self, effect: Effect) -> dict[str, float]:
        """Give the difference that each seed makes, in the unit of the effect."""
        values = by_seed(self.trials, [effect.variant, effect.reference], effect.metric)
        single = values[effect.variant] - values[effect.reference]
        return {f"seed {seed}": float(value) for seed, value in single.items()}

    def against(self, effect: Effect) -> str:
        """Name the two sides of an effect, but not the reference that most have."""
        usual = effect.reference == self.reference
        return effect.variant if usual else f"{effect.variant} vs {effect.reference}"

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

    @cached_property
    def course(self) -> Course | None:
        """Sum up the epochs of all finished trials; None where they are fewer than three."""
        epochs = self.epochs
        if epochs.empty or epochs["epoch"].max() < 3 or self.reference not in self.variants:
            return None
        best = self.trials.merge(derived(epochs), on="trial")
        own = best.loc[best["variant"] == self.reference, "best_accuracy"]
        threshold = round(NEAR * float(own.mean()), 2)
        summed = self.trials.merge(derived(epochs, [threshold]), on="trial")
        return Course(threshold, self.in_order(summed))

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
        return formats.shortened(variant.name for variant in self.results.record.plan.variants)

    @cached_property
    def budget(self) -> str:
        """Say in a few words what the trials had, and whether that is what the study asks for."""
        study = self.results.record.study
        changed = ", some settings replaced" if study.forced else ""
        return f"{self._spent}{f', profile {study.profile}' if study.profile else changed}"

    @cached_property
    def conditions(self) -> str:
        """Say the same with all that a profile or the command line replaced."""
        replaced = forced(self.results.record)
        return f"{self._spent}; {replaced}" if replaced else self._spent

    @cached_property
    def _spent(self) -> str:
        """Seeds, epochs and test images, as far as any trial is done."""
        if self.trials.empty:
            return "no trial done"
        seeds = count_range(self.trials.groupby("variant")["seed"].nunique(), "seed")
        epochs = sorted({int(epochs) for epochs in self.trials["epochs"]})
        last = count(epochs[-1], "epoch")
        spread = f"{epochs[0]} to {last}" if len(epochs) > 1 else last
        return f"{seeds}, {spread}, {self.images:,} test images"

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

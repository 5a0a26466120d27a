"""Results and analysis of a study, with aggregates that figures and tables of a report share."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from cnn_ablate.analysis import Analysis
from cnn_ablate.checks import Pair
from cnn_ablate.claims import overrides, replaced_value
from cnn_ablate.report import formatting
from cnn_ablate.schema import TEST_ACCURACY, Effect, Finding, Metric, Trial, Verdict
from cnn_ablate.stats import convergence, means, values_by_seed
from cnn_ablate.stats.adaptive_seeds import look_state
from cnn_ablate.stats.families import families
from cnn_ablate.store import Results
from cnn_ablate.text import count, count_range, some

# Fraction of the reference's best accuracy at which a trial counts as having converged.
CONVERGED = 0.9
# More variants or contrasts than this are not compared one by one.
MANY = 25
_MOST_IN_FIGURE = 40


@dataclass(frozen=True)
class LearningSpeed:
    """Convergence metrics of each trial: rows of results.csv with the columns of `convergence`.

    `threshold` is the accuracy, as a fraction, to which epochs and seconds are counted: a whole
    per cent, since its column is named after it.
    """

    threshold: float
    trials: pd.DataFrame


@dataclass(frozen=True)
class ReportData:
    """The results of a study with its analysis; computes no part of the analysis itself.

    `findings` are those of the checks, and `meaningless` why some contrasts, as (variant,
    reference), mean nothing.
    """

    results: Results
    effects: tuple[Effect, ...]
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...] = ()
    meaningless: Mapping[Pair, str] = field(default_factory=dict)

    @classmethod
    def of(cls, analysis: Analysis) -> "ReportData":
        """Return the context of an analysis."""
        return cls(
            results=analysis.results,
            effects=analysis.effects,
            verdicts=analysis.verdicts,
            findings=analysis.findings,
            meaningless=analysis.meaningless,
        )

    def why_meaningless(self, effect: Effect) -> str:
        """Return why an effect means nothing; empty if it has a meaning."""
        return self.meaningless.get((effect.variant, effect.reference), "")

    @cached_property
    def incomparable(self) -> list[str]:
        """The variants whose difference from the reference means nothing."""
        return [v for v, reference in self.meaningless if reference == self.reference]

    @cached_property
    def doubt(self) -> str:
        """The sentence of a caption on averages over variants of which some learned nothing."""
        reasons = dict.fromkeys(self.meaningless.values())
        return f" Not to be trusted: {some(reasons)}." if reasons else ""

    @cached_property
    def chance(self) -> dict[str, float]:
        """The accuracy of chance and, if classes differ in size, of always naming the largest."""
        classes = self.results.classes
        if classes.empty or "n" not in classes:
            return {}
        counts = classes.loc[classes["trial"] == classes["trial"].iloc[0], "n"]
        floors = {"chance": 1 / len(counts), "most frequent class": counts.max() / counts.sum()}
        if floors["most frequent class"] - floors["chance"] < 0.005:
            del floors["most frequent class"]
        return floors

    @property
    def metric_chance(self) -> dict[str, float]:
        """`chance` if the study's metric is the test accuracy; empty for other metrics."""
        return self.chance if self.metric.name == TEST_ACCURACY.name else {}

    @cached_property
    def needed(self) -> tuple[Trial, ...]:
        """The trials that the study needs: with looks, those up to the last one that was taken."""
        record = self.results.record
        if not record.study.looks:
            return record.plan.trials
        state = look_state(record.study, record.plan, self.results.trials, record.findings)
        return tuple(trial for trial in record.plan.trials if trial.id in state.due)

    @cached_property
    def inert(self) -> frozenset[Pair]:
        """The contrasts whose two sides the audit has shown to be the same training."""
        record = self.results.record
        known = families(record.study, record.plan, record.findings)
        return frozenset(
            (contrast.variant, contrast.reference)
            for contrast, family in zip(record.plan.contrasts, known, strict=True)
            if not family
        )

    @property
    def metric(self) -> Metric:
        """The metric that effects are in."""
        return self.results.record.study.metric

    @cached_property
    def planned_seeds(self) -> dict[str, int]:
        """The number of seeds that each variant needs."""
        return dict(Counter(trial.variant for trial in self.needed))

    def seed_differences(self, effect: Effect) -> dict[str, float]:
        """Return the difference of each seed, in the unit of the effect, by column name."""
        values = values_by_seed(self.trials, [effect.variant, effect.reference], effect.metric)
        differences = values[effect.variant] - values[effect.reference]
        return {f"seed {seed}": float(value) for seed, value in differences.items()}

    def contrast_name(self, effect: Effect) -> str:
        """Return the name of the variant, with its reference unless that is the usual one."""
        usual = effect.reference == self.reference
        return effect.variant if usual else f"{effect.variant} vs {effect.reference}"

    @cached_property
    def means(self) -> pd.DataFrame:
        """Mean of the metric over seeds with its intervals; one row per variant, its index."""
        return means(self.trials, metric=self.metric, images=self.images).set_index("variant")

    @cached_property
    def images(self) -> int:
        """The number of test images per trial."""
        classes = self.results.classes
        return int(classes.groupby("trial")["n"].sum().max()) if len(classes) else 0

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The rows of results.csv that are done."""
        return self.results.trials[self.results.trials["status"] == "done"]

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """The rows of epochs.csv of finished trials."""
        return self._finished(self.results.epochs)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The running losses of finished trials."""
        return self._finished(self.results.steps)

    @cached_property
    def learning_speed(self) -> LearningSpeed | None:
        """Convergence of all finished trials; None if they have fewer than three epochs."""
        epochs = self.epochs
        if epochs.empty or epochs["epoch"].max() < 3 or self.reference not in self.variants:
            return None
        best = self.trials.merge(convergence(epochs), on="trial")
        reached = best.loc[best["variant"] == self.reference, "best_accuracy"]
        threshold = round(CONVERGED * float(reached.mean()), 2)
        trials = self.trials.merge(convergence(epochs, [threshold]), on="trial")
        return LearningSpeed(threshold, self.in_order(trials))

    def _finished(self, rows: pd.DataFrame) -> pd.DataFrame:
        if rows.empty:
            return rows
        # Trials that ended before their first row leave columns without a type.
        return rows[rows["trial"].isin(self.trials["trial"])].infer_objects()

    @cached_property
    def reference(self) -> str:
        """The variant that others are compared with."""
        return self.results.record.plan.reference

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Variants with a finished trial: the reference first, the others in the plan's order."""
        done = set(self.trials["variant"])
        names = [variant.name for variant in self.results.record.plan.variants]
        ordered = [self.reference, *(name for name in names if name != self.reference)]
        return tuple(name for name in ordered if name in done)

    @cached_property
    def short_names(self) -> dict[str, str]:
        """Names short enough for a figure, by variant."""
        return formatting.shortened(variant.name for variant in self.results.record.plan.variants)

    @cached_property
    def budget(self) -> str:
        """Seeds and epochs in a few words, and whether settings of the file were overridden."""
        study = self.results.record.study
        spent = self._seeds_and_epochs
        if "training.epochs" in study.forced:
            spent += f" instead of {replaced_value(study, 'training.epochs')}"
        if study.forced:
            source = f"profile {study.profile}" if study.profile else "some settings overridden"
            return f"{spent}, {source}"
        return f"{spent}, full length" if study.paper else spent

    @cached_property
    def conditions(self) -> str:
        """Seeds, epochs and test images, with each setting that was overridden."""
        replaced = overrides(self.results.record)
        return f"{self._spent}; {replaced}" if replaced else self._spent

    @cached_property
    def seed_counts(self) -> str:
        """How many seeds per variant are done, for captions: `3 to 5 seeds`."""
        return self.seeds_of(list(self.short_names.values()))

    def seeds_of(self, shown: Collection[str]) -> str:
        """Return how many seeds are done of the variants with these short names."""
        own = self.trials[self.trials["variant"].map(self.short_names).isin(shown)]
        return count_range(own.groupby("variant")["seed"].nunique(), "seed")

    @cached_property
    def _spent(self) -> str:
        """Seeds, epochs and test images of the trials that are done."""
        images = f"{self.images:,} test images" if self.images else ""
        return ", ".join(filter(None, (self._seeds_and_epochs, images)))

    @cached_property
    def _seeds_and_epochs(self) -> str:
        if self.trials.empty:
            return "no trial done"
        # A program of the user's need not say how many epochs and images it took.
        epochs = sorted({int(epochs) for epochs in self.trials["epochs"]} - {0})
        last = count(epochs[-1], "epoch") if epochs else ""
        spread = f"{epochs[0]} to {last}" if len(epochs) > 1 else last
        return ", ".join(filter(None, (self.seed_counts, spread)))

    @cached_property
    def most_different(self) -> tuple[str, ...]:
        """The reference and the variants that differ most from it, as many as a figure names."""
        if len(self.variants) <= _MOST_IN_FIGURE:
            return self.variants
        chosen = set(self.farthest(self.means["mean"])[:_MOST_IN_FIGURE])
        return tuple(name for name in self.variants if name in chosen)

    @cached_property
    def left_out(self) -> str:
        """The sentence of a caption on variants that a figure has no room for."""
        shown, every = len(self.most_different), len(self.variants)
        words = (
            f" Shown are the {shown} of {every} variants that differ most from {self.reference}."
        )
        return words if shown < every else ""

    def farthest(self, values: pd.Series) -> list[str]:
        """Return variants by the distance of their value from the reference's, largest first.

        The reference itself comes before all others.
        """
        if self.reference not in values:
            return [str(name) for name in values.index]
        distance = (values - values[self.reference]).abs()
        distance[self.reference] = float("inf")
        return [str(name) for name in distance.sort_values(ascending=False, kind="stable").index]

    def in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows sorted by variant, in the order of `variants`."""
        rank = {name: index for index, name in enumerate(self.variants)}
        return frame.sort_values("variant", key=lambda names: names.map(rank), kind="stable")

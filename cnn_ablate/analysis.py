"""Effects, verdicts and findings: computed once per run, written by `run`, shown by `report`."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cnn_ablate.checks import Pair, check_results, meaningless
from cnn_ablate.claims import judge_claims, with_stated
from cnn_ablate.schema import Effect, Finding, Metric, Verdict
from cnn_ablate.stats import PredictionReader, effects_frame, estimate_effects
from cnn_ablate.store import Results, seal, write_table

_DECISION = (
    *("family", "method", "p_adjusted", "low_family", "high_family"),
    *("decided", "negligible"),
)
# The fields of an effect that no decision was made on.
_UNTESTED = {name: Effect.model_fields[name].default for name in _DECISION}

# The tables of a study: `trials` is results.csv, and the last three are computed from the others.
FRAMES = (
    "trials",
    "epochs",
    "steps",
    "classes",
    "confusion",
    "effects",
    "findings",
    "claims",
)


@dataclass(frozen=True)
class Analysis:
    """The results of a study, and what statistics say of them.

    Each part is computed when it is first asked for: a run that trained nothing, and whose report
    is up to date, needs neither.
    """

    results: Results

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """The effect of each contrast, in the order of the plan."""
        return tuple(map(self._explained, self._estimate()))

    @cached_property
    def also(self) -> tuple[Effect, ...]:
        """The effects in the study's other metrics, which are not tested."""
        metrics = self.results.record.study.also
        return tuple(effect for metric in metrics for effect in self._estimate(metric))

    def _estimate(self, metric: Metric | None = None) -> tuple[Effect, ...]:
        results = self.results
        return estimate_effects(
            results.trials,
            results.record,
            metric=metric,
            predictions=self._predictions,
            over_images=results.written.images,
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What can be said against the results, the gravest first."""
        return check_results(self.results)

    @cached_property
    def meaningless(self) -> dict[Pair, str]:
        """The contrasts, as (variant, reference), that mean nothing, each with the reason."""
        return meaningless(self.findings)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each claim, in the order of the study."""
        verdicts = judge_claims(self.results, self.effects, self._predictions, self.meaningless)
        return with_stated(self.results.record, verdicts)

    def _explained(self, effect: Effect) -> Effect:
        """Return an effect that means nothing as untested, with the reason; others as they are.

        Its family stays adjusted for it: leaving it out would be a choice made after the data.
        """
        reason = self.meaningless.get((effect.variant, effect.reference))
        if reason is None:
            return effect
        sentence = f"{effect.action} means nothing: {reason}."
        return effect.model_copy(update={**_UNTESTED, "sentence": sentence})

    @cached_property
    def _predictions(self) -> PredictionReader:
        return PredictionReader(self.results.predictions, self.results.probabilities)


def analyse(results: Results) -> Analysis:
    """Return the analysis of a study as far as it was run."""
    return Analysis(results)


def write_analysis(analysis: Analysis) -> None:
    """Write effects.csv, findings.csv and claims.csv, the last tables of a study, and seal all.

    Raises:
        UserError: a table cannot be written.
    """
    for name, frame in _computed(analysis).items():
        write_table(analysis.results, name, frame)
    seal(analysis.results)


def frames(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Return all tables of a study by the names in FRAMES, for further analysis."""
    of_trials = {name: getattr(analysis.results, name) for name in FRAMES[:-3]}
    return {**of_trials, **_computed(analysis)}


def _computed(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Return the tables of what statistics say, that of claims last."""
    verdicts = [verdict.model_dump() for verdict in analysis.verdicts]
    return {
        "effects": effects_frame((*analysis.effects, *analysis.also)),
        "findings": _findings_frame(analysis),
        "claims": pd.DataFrame(verdicts, columns=list(Verdict.model_fields)),
    }


def _findings_frame(analysis: Analysis) -> pd.DataFrame:
    """Return the findings of the checks, and after them those of the audit, one per row."""
    columns = ["found", "kind", "severity", "where", "message"]
    stages = {
        "after training": analysis.findings,
        "before training": analysis.results.record.findings,
    }
    rows = [
        {"found": stage, **finding.model_dump(include=set(columns))}
        for stage, findings in stages.items()
        for finding in findings
    ]
    return pd.DataFrame(rows, columns=columns)

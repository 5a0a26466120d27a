"""Effects and verdicts of a study: computed once per run, written by `run`, shown by `report`."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Effect, Verdict
from cnn_ablate.stats import PredictionReader, effects_frame, estimate_effects
from cnn_ablate.store import Results, write_table


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
        results = self.results
        contrasts = results.record.plan.contrasts
        return estimate_effects(results.trials, contrasts, predictions=self._predictions)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each claim, in the order of the study."""
        return judge_claims(self.results, self._predictions)

    @cached_property
    def _predictions(self) -> PredictionReader:
        return PredictionReader(self.results.predictions)


def analyse(results: Results) -> Analysis:
    """Return the analysis of a study as far as it was run."""
    return Analysis(results)


def write_analysis(analysis: Analysis) -> None:
    """Write effects.csv and then claims.csv, the last table of a study; raises UserError."""
    write_table(analysis.results, "effects", effects_frame(analysis.effects))
    rows = [verdict.model_dump() for verdict in analysis.verdicts]
    write_table(analysis.results, "claims", pd.DataFrame(rows, columns=list(Verdict.model_fields)))

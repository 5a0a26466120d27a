"""The committed results: runs by study, and the verdict that counts of each claim."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from cnn_ablate.claims import EXACT, counts, is_reduced, is_run
from cnn_ablate.schema import Claim, Record, Verdict
from cnn_ablate.store import parse_record, upgrade_results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
# Of several runs of a study, the first one that measured a claim gives its verdict.
FOLDERS = re.findall(
    r"^!/\*/(.+)/$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE
)


@dataclass(frozen=True)
class Run:
    """A study as it was run, with committed results."""

    folder: str

    @cached_property
    def record(self) -> Record:
        """The record of the run."""
        return parse_record((RESULTS / self.folder / "study.json").read_bytes())

    @property
    def budget(self) -> str:
        """`published` if it has the budget of the paper's runs, else `reduced`."""
        return "reduced" if is_reduced(self.record.study) else "published"

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The finished trials."""
        trials = upgrade_results(pd.read_csv(RESULTS / self.folder / "results.csv"))
        return trials[trials["status"] == "done"]

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """The rows of claims.csv by claim id."""
        rows = pd.read_csv(RESULTS / self.folder / "claims.csv", keep_default_na=False)
        return {row["claim"]: Verdict(**row) for row in rows.to_dict("records")}


@dataclass(frozen=True)
class Answer:
    """A claim, and the run whose verdict on it counts."""

    claim: Claim
    run: Run

    @property
    def verdict(self) -> Verdict:
        """The row of claims.csv."""
        return self.run.verdicts[self.claim.id]

    @property
    def is_counted(self) -> bool:
        """Whether it counts with the others."""
        return counts(self.run.record, self.claim, self.verdict.stated)

    @property
    def budget(self) -> str:
        """The budget of the run, `not run`, or `none needed` for a count."""
        if self.claim.metric in EXACT:
            return "none needed"
        return self.run.budget if is_run(self.verdict) else "not run"


def runs() -> list[Run]:
    """Return the runs with committed results."""
    return [Run(folder) for folder in FOLDERS]


@cache
def studies() -> dict[str, list[Run]]:
    """Return the runs by study."""
    by_study: dict[str, list[Run]] = {}
    for run in runs():
        by_study.setdefault(run.record.study.name, []).append(run)
    return by_study


def answers(study_runs: list[Run]) -> list[Answer]:
    """Return each claim of a study with the first of its runs that measured it."""
    claims = study_runs[0].record.study.claims
    by_claim = [[Answer(claim, run) for run in study_runs] for claim in claims]
    return [
        next((answer for answer in group if answer.verdict.measured), group[0])
        for group in by_claim
    ]

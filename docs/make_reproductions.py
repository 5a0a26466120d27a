"""Write what became of the papers' claims into the pages, from the committed results.

Run it as `python docs/make_reproductions.py`; a test checks that the pages are up to date.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import get_args

import pandas as pd

from cnn_ablate.claims import EXACT, NO_SEED, overrides, subject
from cnn_ablate.report.formatting import duration
from cnn_ablate.schema import Claim, Record, Word
from cnn_ablate.store import parse_record
from cnn_ablate.text import capital, count, count_range

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "reproductions.md")
RESULTS = ROOT / "results"
# Of one study, the run that comes first answers what it measured.
FOLDERS = re.findall(
    r"^!/\*/(.+)/$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE
)
VERDICTS = get_args(Word)
# What each paper would be remembered for: ids of claims.
HEADLINES = {
    "cifar_cbam": ("accuracy", "batch-norm-speeds", "residual-helps"),
    "fashion_lr": ("accuracy-model1", "adam-better"),
    "lenet_cifar": ("accuracy", "depth-helps"),
    "cifar_ladder": ("accuracy-normalised", "wider-helps", "normalised-helps"),
    "resnet18_tuning": ("accuracy-plateau", "separable-hurts"),
    "preact_cbam": ("accuracy", "cbam-helps"),
}
# Between such marks a page has what one of the writers below writes.
MARKED = re.compile(r"(<!-- (?!end )(\w+)(?:: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """A study as it was run and kept."""

    folder: str

    @cached_property
    def record(self) -> Record:
        """What was run, and where."""
        return parse_record((RESULTS / self.folder / "study.json").read_bytes())

    @property
    def budget(self) -> str:
        """Whether it has what the paper's runs had."""
        return "reduced" if self.record.study.forced else "published"

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The trials that are done."""
        trials = pd.read_csv(RESULTS / self.folder / "results.csv")
        return trials[trials["status"] == "done"]

    @cached_property
    def verdicts(self) -> dict[str, dict[str, str]]:
        """What was found of each claim, by its id."""
        rows = pd.read_csv(RESULTS / self.folder / "claims.csv", keep_default_na=False)
        return {row["claim"]: row for row in rows.to_dict("records")}


@dataclass(frozen=True)
class Answer:
    """A claim, the run that answers it, and what was found there."""

    claim: Claim
    run: Run

    @property
    def found(self) -> dict[str, str]:
        """The row of claims.csv."""
        return self.run.verdicts[self.claim.id]

    @property
    def budget(self) -> str:
        """What the run that answers it had, if any trained what it speaks of."""
        if self.claim.metric in EXACT:
            return "none needed"
        return "not run" if self.found["reason"] == f"{capital(NO_SEED)}." else self.run.budget


def runs() -> list[Run]:
    """List the runs that are kept."""
    return [Run(folder) for folder in FOLDERS]


@cache
def studies() -> dict[str, list[Run]]:
    """Group the runs by study."""
    found: dict[str, list[Run]] = {}
    for run in runs():
        found.setdefault(run.record.study.name, []).append(run)
    return found


def answers(own: list[Run]) -> list[Answer]:
    """Give each claim of a study with the first of its runs that measured what it speaks of."""
    each = [[Answer(claim, run) for run in own] for claim in own[0].record.study.claims]
    return [next((one for one in found if one.found["measured"]), found[0]) for found in each]


def summary(_: str) -> Iterator[str]:
    """Count the verdicts of each study, by the budget at which they were found."""
    yield f"| study | budget | claims | {' | '.join(VERDICTS)} |"
    yield f"|---|---|{'---:|' * (1 + len(VERDICTS))}"
    for name, own in studies().items():
        every = answers(own)
        for budget in dict.fromkeys(one.budget for one in every):
            found = [one for one in every if one.budget == budget]
            times = Counter(one.found["verdict"] for one in found)
            numbers = " | ".join(str(times[word] or "") for word in VERDICTS)
            yield f"| `{name}` | {budget} | {len(found)} | {numbers} |"


def headlines(_: str) -> Iterator[str]:
    """Set what each paper is about beside what was found, one to three claims a study."""
    yield "| study | the paper says | of | published | here | budget | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for name, own in studies().items():
        found = {one.claim.id: one for one in answers(own)}
        for one in (found[key] for key in HEADLINES[name]):
            verdict = f"**{one.found['verdict']}**"
            yield _cells(f"`{name}`", _quote(one.claim), *_numbers(one), one.budget, verdict)


def all_claims(_: str) -> Iterator[str]:
    """List the claims of every study, each study folded up."""
    for name, own in studies().items():
        found = answers(own)
        counted = count(len(found), "claim")
        yield f"<details><summary><code>{name}</code>: {counted}</summary>"
        yield ""
        yield "| the paper says | of | published | here | budget | verdict |"
        yield "|---|---|---|---|---|---|"
        for one in found:
            verdict = one.found["verdict"]
            yield _cells(_quote(one.claim), *_numbers(one), one.budget, verdict)
        yield ""
        yield "</details>"


def claims(name: str) -> Iterator[str]:
    """List the claims of one study with the reasons of their verdicts."""
    yield "| the paper says | of | published | here | budget | verdict | why |"
    yield "|---|---|---|---|---|---|---|"
    for one in answers(studies()[name]):
        quote = f"{_quote(one.claim)} ({one.claim.place})"
        verdict = f"**{one.found['verdict']}**"
        yield _cells(quote, *_numbers(one), one.budget, verdict, _why(one))


def budget(name: str) -> Iterator[str]:
    """Say what paper a study is of, what each of its runs was given, and where its report is."""
    paper = studies()[name][0].record.study.paper
    assert paper is not None
    more = f" See <{paper.url}>." if paper.url else ""
    yield f"{paper.authors}: *{paper.title}*.{more}"
    yield ""
    for run in studies()[name]:
        record, trials = run.record, run.trials
        seeds = count_range(trials.groupby("variant")["seed"].nunique(), "seed")
        hours = duration(trials["seconds"].sum())
        where = record.environment
        yield (
            f"- [{run.folder}](../reports/{run.folder}/report.md): "
            f"{count(trials['variant'].nunique(), 'variant')}, {seeds}, "
            f"{count(len(trials), 'trial')}; {hours} of one core of {where.processor}, "
            f"torch {where.torch}. {_budget(record)}"
        )


def _budget(record: Record) -> str:
    said = overrides(record)
    return f"{capital(said)}." if said else "The published budget."


def _why(one: Answer) -> str:
    """Give the reason of a verdict, after its condition if that is not the budget of the run."""
    condition = one.found["condition"]
    said = ["" if condition == overrides(one.run.record) else condition, one.found["reason"]]
    return " ".join(f"{capital(text).rstrip('.')}." for text in said if text)


def _quote(claim: Claim) -> str:
    return f"“{claim.quote}”" if claim.quote else claim.id


def _numbers(one: Answer) -> tuple[str, str, str]:
    here = f"{one.found['measured']} {one.found['interval']}".strip()
    return subject(one.claim), one.found["published"], here


def _cells(*texts: str) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


WRITERS: dict[str, Callable[[str], Iterable[str]]] = {
    "headlines": headlines,
    "summary": summary,
    "all_claims": all_claims,
    "claims": claims,
    "budget": budget,
}


def written(page: str) -> str:
    """Give a page with everything between its marks written anew."""

    def anew(found: re.Match[str]) -> str:
        start, writer, name, end = found.groups()
        lines = WRITERS[writer](name or "")
        return "\n".join([start.rstrip(), *lines, end])

    return MARKED.sub(anew, page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")

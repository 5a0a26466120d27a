"""Write tables of the papers' claims and verdicts into the pages, from the committed results.

Run it as `python docs/make_reproductions.py`; a test checks that the pages are up to date.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from committed_runs import ROOT, Answer, answers, studies

from cnn_ablate.claims import (
    WORDS,
    StatedTimes,
    contradictions,
    count_statements,
    overrides,
    subject,
)
from cnn_ablate.metrics import metric_of
from cnn_ablate.report.formatting import duration
from cnn_ablate.schema import Claim, Paper, Record
from cnn_ablate.text import capital, count, count_range

PAGES = (ROOT / "README.md", ROOT / "docs" / "reproductions.md")
# The main claims of each paper, by id.
HEADLINES = {
    "cifar_cbam": ("accuracy", "batch-norm-speeds", "residual-helps"),
    "fashion_lr": ("accuracy-model1", "adam-better"),
    "lenet_cifar": ("accuracy", "depth-helps"),
    "cifar_ladder": ("accuracy-normalised", "wider-helps", "normalised-helps"),
    "resnet18_tuning": ("accuracy-plateau", "separable-hurts"),
    "preact_cbam": ("accuracy", "cbam-helps"),
}
# Between such comments a page contains the output of one of the writers below.
MARKED = re.compile(r"(<!-- (?!end )(\w+)(?:: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def summary(_: str) -> Iterator[str]:
    """Write the number of statements by verdict, per study and budget."""
    rows = {
        (name, budget): _count([answer for answer in every if answer.budget == budget])
        for name, study_runs in studies().items()
        if (every := [answer for answer in answers(study_runs) if answer.is_counted])
        for budget in dict.fromkeys(answer.budget for answer in every)
    }
    words = [word for word in WORDS if any(row[word] for row in rows.values())]
    yield f"| study | budget | statements | {' | '.join(words)} |"
    yield f"|---|---|{'---:|' * (1 + len(words))}"
    for (name, budget), row in rows.items():
        numbers = " | ".join(str(row[word] or "") for word in words)
        yield f"| `{name}` | {budget} | {row.total()} | {numbers} |"


def _count(group: list[Answer]) -> Counter[str]:
    return count_statements([answer.claim for answer in group], _words(group))


def _words(group: list[Answer]) -> dict[str, str]:
    """Return the verdict of each answer by the id of its claim."""
    return {answer.claim.id: answer.verdict.verdict for answer in group}


def headlines(_: str) -> Iterator[str]:
    """Write the main claims of each paper with their verdicts, one to three per study."""
    yield "| paper and study | the paper says | of | published | here | budget | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for name, study_runs in studies().items():
        study = f"{_paper(name).authors}: `{name}`"
        by_id = {answer.claim.id: answer for answer in answers(study_runs)}
        for answer in (by_id[key] for key in HEADLINES[name]):
            quote, numbers = _quote(answer.claim), _numbers(answer)
            yield _cells(study, quote, *numbers, answer.budget, _marked(answer))


def papers(_: str) -> Iterator[str]:
    """Write one row per paper: its main number, what was measured, and all of its statements."""
    yield "| paper | studies | its number | here | budget | verdict | all statements |"
    yield "|---|---|---|---|---|---|---|"
    by_paper: dict[str, list[str]] = {}
    for name in studies():
        by_paper.setdefault(_paper(name).authors, []).append(name)
    for authors, names in by_paper.items():
        every = {name: answers(studies()[name]) for name in names}
        known = {answer.claim.id: answer for answer in every[names[0]]}
        main = known[HEADLINES[names[0]][0]]
        # Ids of claims are those of one study, so that statements are counted per study.
        times = sum(
            (_count([a for a in group if a.is_counted]) for group in every.values()), Counter[str]()
        )
        tally = ", ".join(f"{times[word]} {word}" for word in WORDS if times[word])
        links = ", ".join(f"`{name}`" for name in names)
        _, published, measured = _numbers(main)
        yield _cells(authors, links, published, measured, main.budget, _marked(main), tally)


def claims(name: str) -> Iterator[str]:
    """Write the claims of one study with the reasons for their verdicts, late ones apart."""
    every, sentence = answers(studies()[name]), _times(name).sentence
    counted = [answer for answer in every if answer.is_counted]
    remarks = contradictions([answer.claim for answer in counted], _words(counted))
    late = [answer for answer in every if not answer.is_counted]
    for title, group in ((sentence, counted), ("Stated after their data, not counted:", late)):
        if group:
            yield from ("", title, "")
            yield "| the paper says | of | published | here | budget | verdict | why |"
            yield "|---|---|---|---|---|---|---|"
            yield from (_row(answer, remarks.get(answer.claim.id, "")) for answer in group)


def _row(answer: Answer, remark: str) -> str:
    quote = f"{_quote(answer.claim)} ({answer.claim.place})"
    why = " ".join(filter(None, (_why(answer), remark)))
    return _cells(quote, *_numbers(answer), answer.budget, _marked(answer), why)


def _times(name: str) -> StatedTimes:
    """Return when the claims of a study were stated."""
    return StatedTimes(tuple(answer.verdict.stated for answer in answers(studies()[name])))


def budget(name: str) -> Iterator[str]:
    """Write the paper of a study, and size, time and report of each of its runs."""
    paper = _paper(name)
    more = f" See <{paper.url}>." if paper.url else ""
    yield f"{paper.authors}: *{paper.title}*.{more}"
    yield ""
    for run in studies()[name]:
        record, trials = run.record, run.trials
        seeds = count_range(trials.groupby("variant")["seed"].nunique(), "seed")
        hours = duration(trials["seconds"].sum())
        machine = record.environment
        yield (
            f"- [{run.folder}](../reports/{run.folder}/report.md): "
            f"{count(trials['variant'].nunique(), 'variant')}, {seeds}, "
            f"{count(len(trials), 'trial')}; {hours} of one core of {machine.processor}, "
            f"torch {machine.torch}. {_budget(record)}"
        )


def _paper(name: str) -> Paper:
    """Return the paper of a study."""
    paper = studies()[name][0].record.study.paper
    assert paper is not None
    return paper


def _budget(record: Record) -> str:
    replaced = overrides(record)
    return f"{capital(replaced)}." if replaced else "The published budget."


def _why(answer: Answer) -> str:
    """Return the reason for a verdict, after its condition unless that is the run's budget."""
    condition = answer.verdict.condition
    condition = "" if condition == overrides(answer.run.record) else condition
    texts = filter(None, (condition, answer.verdict.reason))
    return " ".join(f"{capital(text).rstrip('.')}." for text in texts)


def _marked(answer: Answer) -> str:
    """Return a verdict, in bold if it decides something, with its mark."""
    word = answer.verdict.verdict
    mark = _times(answer.run.record.study.name).mark(answer.verdict.stated)
    open_words = {"agrees early", "disagrees early", "inconclusive", "not comparable"}
    return (word if word in open_words else f"**{word}**") + (f" ({mark})" if mark else "")


def _quote(claim: Claim) -> str:
    return f"“{claim.quote}”" if claim.quote else claim.id


def _numbers(answer: Answer) -> tuple[str, str, str]:
    measured = f"{answer.verdict.measured} {answer.verdict.interval}".strip()
    return (
        subject(answer.claim, metric_of(answer.run.record.study, answer.claim)),
        answer.verdict.published,
        measured,
    )


def _cells(*texts: str) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


WRITERS: dict[str, Callable[[str], Iterable[str]]] = {
    "headlines": headlines,
    "summary": summary,
    "papers": papers,
    "claims": claims,
    "budget": budget,
}


def written(page: str) -> str:
    """Return a page with its generated parts written anew."""

    def regenerate(part: re.Match[str]) -> str:
        start, writer, name, end = part.groups()
        lines = WRITERS[writer](name or "")
        return "\n".join([start.rstrip(), *lines, end])

    return MARKED.sub(regenerate, page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")

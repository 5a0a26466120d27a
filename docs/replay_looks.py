"""Replay the committed seeds as if each study had looks, and write the table into a page.

Run it as `python docs/replay_looks.py`; a test checks that the page is up to date.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from committed_runs import ROOT, Run, runs
from make_reproductions import MARKED

from cnn_ablate.schema import Record
from cnn_ablate.stats import estimate_effects
from cnn_ablate.stats.adaptive_seeds import look_state
from cnn_ablate.stats.families import families
from cnn_ablate.text import listed

PAGE = ROOT / "docs" / "statistics.md"
LOOKS = (3, 5, 8, 12)


@dataclass(frozen=True)
class Replay:
    """A study that has all its seeds, and what looks would have made of its primary contrasts.

    Attributes:
        folder: Of its results.
        looks: Numbers of seeds.
        contrasts: Number of primary contrasts.
        trials: Number of their trials that were run.
        needed: Number of them that the looks take.
        decided: Variants whose contrast all seeds decide.
        decided_by_looks: Variants whose contrast the looks decide.
    """

    folder: str
    looks: tuple[int, ...]
    contrasts: int
    trials: int
    needed: int
    decided: tuple[str, ...]
    decided_by_looks: tuple[str, ...]


def replay(run: Run) -> Replay | None:
    """Replay a run; None if it has the seeds of one look only, or not all primary trials."""
    record, trials = _primary(run.record), run.trials
    seeds = len(record.study.seeds)
    looks = (*(n for n in LOOKS if n < seeds), seeds)
    done = set(trials["trial"])
    if len(looks) < 2 or not all(trial.id in done for trial in record.plan.trials):
        return None
    study = record.study.model_copy(update={"looks": looks})
    state = look_state(study, record.plan, trials, record.findings)
    sides = zip(record.plan.contrasts, state.progress, strict=True)
    return Replay(
        folder=run.folder,
        looks=looks,
        contrasts=sum(progress is not None for progress in state.progress),
        trials=len(record.plan.trials),
        needed=len(state.due),
        decided=tuple(e.variant for e in estimate_effects(trials, record) if e.decided),
        decided_by_looks=tuple(c.variant for c, p in sides if p and p.outcome == "decided"),
    )


def replays() -> list[Replay]:
    """Replay all committed runs that have more than one look."""
    return [found for run in runs() if (found := replay(run))]


def _primary(record: Record) -> Record:
    """Return a record with its primary contrasts alone, and the trials that they compare."""
    plan = record.plan
    names = families(record.study, plan, record.findings)
    chosen = tuple(c for c, name in zip(plan.contrasts, names, strict=True) if name == "primary")
    sides = {side for contrast in chosen for side in (contrast.variant, contrast.reference)}
    kept = {
        "contrasts": chosen,
        "variants": tuple(v for v in plan.variants if v.name in sides),
        "trials": tuple(t for t in plan.trials if t.variant in sides),
    }
    return record.model_copy(update={"plan": plan.model_copy(update=kept)})


def table() -> Iterator[str]:
    """Write one row per run."""
    yield "| results | looks | contrasts | trials run | looks take | decided | by looks |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for found in replays():
        looks = listed(map(str, found.looks))
        saved = 1 - found.needed / found.trials
        missed = [name for name in found.decided if name not in found.decided_by_looks]
        same = f"{len(found.decided_by_looks)}{f', not {listed(missed)}' if missed else ''}"
        yield (
            f"| `{found.folder}` | {looks} | {found.contrasts} | {found.trials} | {found.needed} "
            f"(-{saved:.0%}) | {len(found.decided)} | {same} |"
        )


def written(page: str) -> str:
    """Return the page with the table written anew."""
    return MARKED.sub(lambda part: "\n".join([part[1].rstrip(), *table(), part[4]]), page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""A study file that was edited since its last run: what commands show of it, and name."""

from dataclasses import dataclass, replace
from pathlib import Path

from cnn_ablate.find_study import refuse_other_file, study_file
from cnn_ablate.schema import Record, Study
from cnn_ablate.store import Results, read, read_record
from cnn_ablate.text import capital, listed


@dataclass(frozen=True)
class Edits:
    """What was changed in a study file since its last run, in words.

    Attributes:
        path: The file.
        study: As the file is now.
        shown: What a report takes from the file as it is now: title, paper, claims.
        trained: What only a run can follow.
        trials: Ids of the trials that the study needs now.
    """

    path: Path
    study: Study
    shown: list[str]
    trained: list[str]
    trials: tuple[str, ...]

    def shown_in(self, record: Record) -> Record:
        """Return a record with the title, the paper and the claims of the file as it is now."""
        from cnn_ablate.study.edited_since_run import SHOWN

        update = {name: getattr(self.study, name) for name in SHOWN}
        return record.model_copy(update={"study": record.study.model_copy(update=update)})

    def remark(self, place: str) -> str:
        """Return what a report or another place shows of the edits, and what it does not."""
        parts = []
        if self.shown:
            parts.append(f"{capital(listed(self.shown))} as in {self.path} now.")
        if self.trained:
            parts.append(f"Not in the {place} until the next run: {listed(self.trained)}.")
        return " ".join(parts)


def read_as_edited(word: str, folder: Path) -> tuple[Results, Edits | None]:
    """Read the results of a study, with title, paper and claims of its file as it is now.

    Args:
        word: The file or the name of the study, as typed.
        folder: The folder of its results.

    Returns:
        The results, and what `find_edits` returns and may raise.
    """
    edits = find_edits(word, folder)
    written = read(folder.parent, folder.name)
    return replace(written, record=edits.shown_in(written.record)) if edits else written, edits


def find_edits(word: str, folder: Path) -> Edits | None:
    """Return what was changed in the file of a study since its last run.

    Args:
        word: The file or the name of the study, as typed.
        folder: The folder of its results.

    Returns:
        None if nothing was, or only results are given.

    Raises:
        ExceptionGroup: The file has mistakes, as UserErrors.
        UserError: The results are of another file with the same study name.
    """
    path = study_file(word)
    if path is None or not path.is_file() or not (folder / "study.json").is_file():
        return None
    record = read_record(folder.parent, folder.name)
    refuse_other_file(path, record.study.source, folder)
    if path.read_text(encoding="utf-8-sig") == record.file:
        return None
    # Reading a study imports torch, which takes seconds.
    from cnn_ablate.runner.plan_edited_study import plan_edited_study
    from cnn_ablate.study.edited_since_run import (
        changed_sources,
        read_again,
        shown_edits,
        trained_edits,
    )

    study = read_again(path, record)
    plan = plan_edited_study(study, record)
    shown = shown_edits(record.study, study)
    trained = [*trained_edits(record.study, study), *changed_sources(record.plan, plan)]
    trials = tuple(trial.id for trial in plan.trials)
    return Edits(path, study, shown, trained, trials) if shown or trained else None

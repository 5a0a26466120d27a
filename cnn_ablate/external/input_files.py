"""The files that the results of an external trainer depend on, with the SHA-256 of each."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import ELSEWHERE, ExternalTrainer, canonical
from cnn_ablate.text import some

_SUFFIXES = {".py", ".yaml", ".yml", ".toml", ".json", ".ini", ".cfg"}
# Folders that programs write below a study, and that no training reads.
_WRITTEN = {"__pycache__", "node_modules", "outputs", "multirun", "mlruns", "wandb", "tracking"}
# Files that show that a folder is a virtual environment, or has results of this program.
_MARKS = ("pyvenv.cfg", "trials/*/trial.json")
_NO_CODE = {"study.schema.json"}
_MOST_FILES = 5_000


@dataclass(frozen=True)
class InputFiles:
    """The input files of a trainer, by path relative to the folder of the study."""

    folder: Path
    sha256: Mapping[str, str]
    command: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the command and of all files."""
        if not self.command:
            return ELSEWHERE
        content = canonical([self.command, self.sha256])
        return hashlib.sha256(content.encode()).hexdigest()

    def verify(self, folder: Path) -> None:
        """Check that the files in a folder are these; raises UserError."""
        now = {p: _sha256(folder / p) for p in self.sha256 if (folder / p).is_file()}
        if changes := describe_changes(self.sha256, now):
            hint = "Run the same command again for a new plan."
            raise UserError("", f"{changes} since the study was planned.", hint)

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of each file, to be sent to another machine.

        Raises:
            UserError: a file is not below the folder of the study.
        """
        for path in self.sha256:
            if path.startswith(".."):
                what = "lies outside of the folder of the study, so that no other machine gets it."
                raise UserError(path, what, "Move it below that folder, or leave Ray out.")
        return {path: (self.folder / path).read_bytes() for path in self.sha256}


def find_inputs(trainer: ExternalTrainer, study: Path, *, but: Iterable[Path] = ()) -> InputFiles:
    """Find and read the input files of a trainer.

    They are what `inputs` names, or else every Python and configuration file below the study's
    folder; files that the command names are always among them.

    Args:
        trainer: Of the study.
        study: The study file, which is no input: its settings are part of each trial as it is.
        but: Folders that are not searched by default, such as that of results.

    Raises:
        UserError: an input is missing or cannot be read, or there are too many files.
    """
    study = study.resolve()
    folder = study.parent
    files: dict[Path, None] = {}
    for file in [*_named(trainer, folder, but), *_in_command(trainer, folder)]:
        if file != study:
            files[file] = None
        if len(files) > _MOST_FILES:
            what = f"more than {_MOST_FILES:,} files: name those that matter under 'inputs'."
            raise UserError("trainer.inputs", what)
    relative = sorted((_relative(file, folder), file) for file in files)
    return InputFiles(folder, {path: _sha256(file) for path, file in relative}, trainer.command)


def describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return which input files have changed, as the beginning of a sentence; '' if none."""
    changed = changed_files(before, now)
    return f"{some(changed)} {'has' if len(changed) == 1 else 'have'} changed" if changed else ""


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the paths of input files that have changed, from the SHA-256 of each; sorted."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


def _named(trainer: ExternalTrainer, folder: Path, but: Iterable[Path]) -> Iterator[Path]:
    if trainer.imports:
        return
    if not trainer.inputs:
        yield from _search(folder, {path.resolve() for path in but})
    for pattern in trainer.inputs:
        found = [path.resolve() for path in _matching(folder, pattern)]
        if not found:
            raise UserError("trainer.inputs", f"there is no file '{pattern}' in {folder}.")
        for path in found:
            yield from _search(path, set(), any_file=True) if path.is_dir() else [path]


def _matching(folder: Path, pattern: str) -> list[Path]:
    if (folder / pattern).exists():
        return [folder / pattern]
    above, base = Path(pattern), folder
    if above.is_absolute():
        base = Path(above.anchor)
        return sorted(base.glob(str(above.relative_to(base))))
    while above.parts and above.parts[0] == "..":
        above, base = Path(*above.parts[1:]), base.parent
    return sorted(base.glob(str(above))) if above.parts else []


def _in_command(trainer: ExternalTrainer, folder: Path) -> Iterator[Path]:
    for word in trainer.command:
        if "{" not in word and (folder / word).is_file() and not Path(word).is_absolute():
            yield (folder / word).resolve()


def _search(folder: Path, but: set[Path], *, any_file: bool = False) -> Iterator[Path]:
    """Yield the Python and configuration files below a folder, or any files."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(n for n in folders if _is_source(here / n) and here / n not in but)
        for name in sorted(names):
            if name.startswith(".") or name in _NO_CODE:
                continue
            if any_file or Path(name).suffix in _SUFFIXES:
                yield here / name


def _is_source(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _WRITTEN:
        return False
    return not any(path for mark in _MARKS for path in folder.glob(mark))


def _relative(file: Path, folder: Path) -> str:
    return Path(os.path.relpath(file, folder)).as_posix()


def _sha256(file: Path) -> str:
    try:
        stat = file.stat()
        return _digest(file, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        what = f"cannot be read: {error.strerror}."
        raise UserError(f"trainer.inputs: {file}", what) from None


@cache
def _digest(file: Path, size: int, modified: int) -> str:
    """Return the SHA-256 of a file; one that has not changed since is not read again."""
    del size, modified
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

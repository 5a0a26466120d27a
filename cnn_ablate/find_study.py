"""Find the file of a study, and the name of its results folder, from what the user typed."""

import filecmp
import re
from contextlib import suppress
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import unknown_name

# The installed package, the checkout, the current folder: the last that has the study wins.
_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "ablations", _PACKAGE.parent / "ablations", Path("ablations"))


def study_path(word: str | Path) -> Path:
    """Return a path to a study file as it is, or the file of the study of that name.

    It is `<name>.yaml` in the current folder, or a shipped one.

    Raises:
        UserError: no such file or study.
    """
    path = Path(word)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return path
    here = Path(f"{word}.yaml")
    if here.is_file() and _is_named(here, str(word)):
        return here
    known = shipped_studies()
    if str(word) not in known:
        raise UserError(str(word), *unknown_name("study", word, known))
    return known[str(word)]


def study_file(word: str) -> Path | None:
    """Return the file of a study, given by name or by file; None if only its results are here."""
    try:
        return study_path(word)
    except UserError:
        return None


def refuse_other_file(path: Path, source: str, results: Path) -> None:
    """Refuse a study file if results of its study's name are of another file that is still there.

    Args:
        path: The study file.
        source: The file of the results: a path from the folder above them, or from here.
        results: Folder of the results of that study.

    Raises:
        UserError: there are two different files whose studies have one name.
    """
    home = results.parent.parent
    other = next((file for file in (home / source, Path(source)) if file.is_file()), None)
    if other is None or not path.is_file() or other.samefile(path):
        return
    if not _have_one_name(path, other) or _are_copies(path, other):
        return
    # A folder with its results may be copied; the file that they were made from then stays behind.
    is_inside = [file.resolve().is_relative_to(home.resolve()) for file in (path, other)]
    if is_inside == [True, False] and other not in shipped_studies().values():
        return
    what = f"has the same study name as {other}, whose results are in {results}."
    hint = "Give one of them another name (`study:`), or keep the results apart with --results."
    raise UserError(str(path), what, hint)


def shipped_studies() -> dict[str, Path]:
    """Return the shipped studies, and those in a folder `ablations` here, by name."""
    return {file.stem: file for folder in _FOLDERS for file in sorted(folder.glob("*.yaml"))}


def schema_path() -> Path:
    """Return the shipped JSON Schema of study files."""
    return next(path for folder in _FOLDERS if (path := folder / "study.schema.json").is_file())


def study_folder(word: str, profile: str = "") -> str:
    """Return the name of the results folder of a study, given by name or by file.

    Raises:
        UserError: the file cannot be read, or does not name a study.
    """
    path = Path(word)
    name = _study_name(path) if path.suffix in {".yaml", ".yml"} else word
    return f"{name}-{profile}" if profile else name


def _are_copies(path: Path, other: Path) -> bool:
    """Return whether two study files are equal, and so is each module or file that both name."""
    text = path.read_bytes()
    if text != other.read_bytes():
        return False
    for word in set(re.findall(r"[\w./-]+", text.decode(errors="replace"))):
        for name in (word, f"{word.replace('.', '/')}.py"):
            here, there = path.parent / name, other.parent / name
            with suppress(OSError):  # no such files, or no names of files
                if here.is_file() and not filecmp.cmp(here, there, shallow=False):
                    return False
    return True


def _have_one_name(path: Path, other: Path) -> bool:
    try:
        return _is_named(other, _study_name(path))
    except UserError:
        return False


def _is_named(path: Path, name: str) -> bool:
    try:
        return _study_name(path) == name
    except UserError:
        return False


def _study_name(path: Path) -> str:
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
        return str(values["study"])
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from None
    except (YAMLError, ValueError, KeyError, TypeError):
        hint = "Give the name of its results folder."
        raise UserError(str(path), "names no study.", hint) from None

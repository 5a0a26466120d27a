"""Find the file of a study, and the name of its results folder, from what the user typed."""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import unknown_name

# The installed package, the checkout, the current folder: the last that has the study wins.
_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "ablations", _PACKAGE.parent / "ablations", Path("ablations"))


def study_path(word: str | Path) -> Path:
    """Return a path to a study file as it is, or the file of the shipped study of that name.

    Raises:
        UserError: no such file or study.
    """
    path = Path(word)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return path
    known = shipped_studies()
    if str(word) not in known:
        raise UserError(str(word), *unknown_name("study", word, known))
    return known[str(word)]


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


def _study_name(path: Path) -> str:
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
        return str(values["study"])
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from None
    except (YAMLError, ValueError, KeyError, TypeError):
        hint = "Give the name of its results folder."
        raise UserError(str(path), "names no study.", hint) from None

"""From the word by which a user names a study to its file, and to its folder of results."""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown

# In the installed package, in the checkout, or here: the last that has the study.
_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "ablations", _PACKAGE.parent / "ablations", Path("ablations"))


def study_path(word: str | Path) -> Path:
    """Give the file of that path, or the shipped study of that name.

    Raises:
        UserError: there is neither.
    """
    path = Path(word)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return path
    known = shipped()
    if str(word) not in known:
        raise UserError(str(word), *unknown("study", word, known))
    return known[str(word)]


def shipped() -> dict[str, Path]:
    """List the shipped studies, and those in a folder `ablations` here, by name."""
    return {file.stem: file for folder in _FOLDERS for file in sorted(folder.glob("*.yaml"))}


def schema_file() -> Path:
    """Give the shipped JSON Schema of study files."""
    return next(path for folder in _FOLDERS if (path := folder / "study.schema.json").is_file())


def study_folder(word: str, profile: str = "") -> str:
    """Give the name of the folder in which results of a study lie; of a file, the study it names.

    Raises:
        UserError: the file cannot be read, or names no study.
    """
    path = Path(word)
    name = _name(path) if path.suffix in {".yaml", ".yml"} else word
    return f"{name}-{profile}" if profile else name


def _name(path: Path) -> str:
    try:
        said = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
        return str(said["study"])
    except OSError as fault:
        raise UserError(str(path), f"cannot be read: {fault.strerror}.") from None
    except (YAMLError, ValueError, KeyError, TypeError):
        raise UserError(str(path), "names no study.", "Give the name of its folder.") from None

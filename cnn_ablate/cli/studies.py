"""From the word on the command line to a study file."""

from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.wording import unknown

# Here, in the checkout, or in the installed package: the first that has the study.
_PACKAGE = Path(__file__).parents[1]
_SHIPPED = (Path("ablations"), _PACKAGE.parent / "ablations", _PACKAGE / "ablations")


def study_path(word: str) -> Path:
    """Give the file of that path, or the shipped study of that name.

    Raises:
        UserError: there is neither.
    """
    path = Path(word)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return path
    shipped = {file.stem: file for folder in reversed(_SHIPPED) for file in folder.glob("*.yaml")}
    if word not in shipped:
        raise UserError(word, *unknown("study", word, shipped))
    return shipped[word]

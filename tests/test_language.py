"""The conventions of CONTRIBUTING.md on words, lengths and module names, and its links."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cnn_ablate"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))
# The most lines of a function and of a file.
LONGEST_FUNCTION, LONGEST_FILE = 45, 280
# Verbs of speech and transfer, where a docstring should say Return, Compute, Load or Build.
BANNED = re.compile(r"(Give|Say|Tell|Hear|Take in)s?\b")
# Names of modules that were replaced by the words of the field.
OLD_STEMS = frozenset(
    (
        *("auditing", "average", "bench", "cluster", "comparison", "counts", "course", "courses"),
        *(
            "coverage",
            "crossing",
            "dead",
            "draft",
            "duty",
            "estimate",
            "events",
            "faults",
            "glance",
        ),
        *("gradients", "grammar", "health", "heat", "inert", "initial", "interrupts", "items"),
        *("leftovers", "logbook", "logs", "machine", "measured", "micro", "moved", "multiplicity"),
        *("outcome", "outline", "outputs", "pictures", "pins", "places", "price", "proof", "race"),
        *("rate", "reasons", "recipes", "rows", "running", "server", "shipped", "sides"),
        *("standing", "streams", "survey", "terms", "turns", "unpack", "user", "users", "watch"),
        *("way", "wording", "words"),
    )
)


def docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of lines of each function of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def table(title: str) -> list[str]:
    """Return the first cells of the table below a title of CONTRIBUTING.md."""
    section = GUIDE.partition(f" {title}\n")[2].partition("\n#")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=lambda path: path.stem)
def test_docstrings_start_with_the_verbs_of_the_field(path: Path) -> None:
    """No docstring says that a function gives, says, tells, hears or takes in."""
    assert [] == [text for text in docstrings(path) if BANNED.match(text)]


def test_modules_carry_the_words_of_the_field() -> None:
    """No module has a name that was replaced."""
    assert [] == [str(path.relative_to(ROOT)) for path in MODULES if path.stem in OLD_STEMS]


def test_functions_and_files_are_short() -> None:
    """A function fits on a screen, and a file into the head."""
    lengths = {name: lines for path in MODULES for name, lines in functions(path)}
    assert {} == {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    files = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {} == {name: lines for name, lines in files.items() if lines > LONGEST_FILE}


def test_stems_that_occur_twice_are_explained() -> None:
    """Exactly the names that several modules share are listed, with the reason."""
    stems = Counter(path.stem for path in MODULES if not path.stem.startswith("__"))
    assert sorted(stem for stem, n in stems.items() if n > 1) == table("Stems that occur twice")


def test_floors_are_those_that_are_checked() -> None:
    """The floors of the guide are the layers of import-linter."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    floors = GUIDE.partition("Imports go downwards only:")[2].partition(".\n")[0]
    assert layers[1:] == re.findall(r"`([^`]+)`", floors)


def test_files_of_the_guide_exist() -> None:
    """Every file and folder that the guide names is there."""
    written_by_runs = {"progress.json"}
    named = set(re.findall(r"`((?:[\w.]+/)*(?:[\w.]+\.(?:py|md|json|toml)|\w+/))`", GUIDE))
    missing = {
        name
        for name in named - written_by_runs
        if not (ROOT / name).exists() and not (PACKAGE / name).exists()
    }
    assert set() == missing

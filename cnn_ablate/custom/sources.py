"""The source of a module of the user's, and of those of theirs that it imports, as it lies there.

Nothing is run to find them, so they do not depend on what was imported before.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import resolve_name
from itertools import accumulate
from pathlib import Path

# The folder that is looked in before the current one: that of the study at hand, if there is one.
_study: list[Path] = []


@dataclass(frozen=True)
class Source:
    """The file of a module, and what stands in it."""

    file: Path
    text: bytes

    @property
    def sha256(self) -> str:
        """Its digest."""
        return sha256(self.text).hexdigest()


def look_in(folder: Path) -> None:
    """Look for modules in this folder first from now on: that of the study file."""
    _study[:] = [folder.resolve()]


def places() -> list[Path]:
    """Give the folders in which users' modules are looked for, in order."""
    return list(dict.fromkeys([*_study, Path.cwd()]))


def is_own_file(file: Path) -> bool:
    """Tell whether a file is the user's: in one of these folders, and not installed in it."""
    ours = file.is_relative_to(Path(__file__).parents[1])
    return not (ours or is_installed(file)) and any(
        file.is_relative_to(place) for place in places()
    )


def is_installed(file: Path) -> bool:
    """Tell whether a file came with a package."""
    return "site-packages" in file.parts


def read(path: str) -> dict[str, Source]:
    """Read a module and all that its import statements lead to, by name.

    Nothing, if the module is not the user's.
    """
    found: dict[str, Source] = {}
    todo = [*_with_parents(path)]
    while todo:
        name = todo.pop()
        file = None if name in found else _file(name)
        if file:
            found[name] = Source(file, file.read_bytes())
            package = name if file.stem == "__init__" else name.rpartition(".")[0]
            todo += _imports(found[name].text, package)
    return found


def digest(found: Mapping[str, Source]) -> str:
    """Give the SHA-256 of a module's file; of the names and digests of all, if there are several.

    It is the same in whatever folder they lie.
    """
    if len(found) == 1:
        return next(iter(found.values())).sha256
    lines = [f"{name} {source.sha256}\n" for name, source in sorted(found.items())]
    return sha256("".join(lines).encode()).hexdigest()


def _file(name: str) -> Path | None:
    inside = Path(*name.split("."))
    ways = (inside / "__init__.py", inside.with_suffix(".py"))
    files = [place / way for place in places() for way in ways]
    return next((file for file in files if file.is_file() and is_own_file(file)), None)


@cache
def _imports(text: bytes, package: str) -> frozenset[str]:
    """Name all that a source in a package may import; what cannot be read says so when imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = [*ast.walk(ast.parse(text))]
    except (SyntaxError, ValueError):
        return frozenset()
    named = (name for node in nodes for name in _named(node, package))
    return frozenset(part for name in named for part in _with_parents(name))


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom):
        try:
            start = resolve_name("." * node.level + (node.module or ""), package)
        except ImportError:
            return
        yield from (start, *(f"{start}.{one.name}" for one in node.names))


def _with_parents(name: str) -> Iterator[str]:
    return accumulate(name.split("."), "{}.{}".format)

"""The source files of a user module and of the user modules that it imports, with their digest.

The import statements are parsed and nothing is executed, so the result does not depend on what
was imported before.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import resolve_name
from itertools import accumulate
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class SourceFile:
    """The file of a module and its contents."""

    file: Path
    text: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the contents."""
        return sha256(self.text).hexdigest()


# Source files by module name, for instance "package.nets".
Sources = Mapping[str, SourceFile]


def is_user_file(file: Path, folders: Sequence[Path]) -> bool:
    """Return whether a file is below one of the folders, not installed, and not this program's."""
    is_foreign = file.is_relative_to(_PACKAGE) or "site-packages" in file.parts
    return not is_foreign and any(file.is_relative_to(folder) for folder in folders)


def read_sources(module: str, folders: Sequence[Path]) -> Sources:
    """Read a user module and all user modules that its import statements lead to.

    Returns:
        The sources by module name; empty if the module is in none of the folders.
    """
    sources: dict[str, SourceFile] = {}
    remaining = [*_with_parents(module)]
    while remaining:
        name = remaining.pop()
        file = None if name in sources else _find_file(name, folders)
        if file:
            sources[name] = SourceFile(file, file.read_bytes())
            package = name if file.stem == "__init__" else name.rpartition(".")[0]
            remaining += _imported_names(sources[name].text, package)
    return sources


def digest(sources: Sources) -> str:
    """Return the SHA-256 of a single file, or of the names and digests of several.

    It does not depend on the folder of the files.
    """
    if len(sources) == 1:
        return next(iter(sources.values())).sha256
    lines = [f"{name} {source.sha256}\n" for name, source in sorted(sources.items())]
    return sha256("".join(lines).encode()).hexdigest()


def _find_file(name: str, folders: Sequence[Path]) -> Path | None:
    path = Path(*name.split("."))
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    files = [folder / candidate for folder in folders for candidate in candidates]
    found = (file for file in files if file.is_file() and is_user_file(file, folders))
    # A link may lead to any file of the machine.
    return next((file for file in found if is_user_file(file.resolve(), folders)), None)


@cache
def _imported_names(text: bytes, package: str) -> frozenset[str]:
    """Return the names that a module of a package may import; none if it cannot be parsed.

    A syntax error is reported when the module is imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = [*ast.walk(ast.parse(text))]
    except (SyntaxError, ValueError):
        return frozenset()
    names = (name for node in nodes for name in _names_in_statement(node, package))
    return frozenset(part for name in names for part in _with_parents(name))


def _names_in_statement(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        try:
            module = resolve_name("." * node.level + (node.module or ""), package)
        except ImportError:
            return
        yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


def _with_parents(name: str) -> Iterator[str]:
    """Return a dotted name and its parents: "a", "a.b", "a.b.c" for "a.b.c"."""
    return accumulate(name.split("."), "{}.{}".format)

"""Modules of the user's: where they are looked for, and how they are imported.

Nothing here is cached beyond what the source says: a module that changed is imported anew.
"""

import hashlib
import importlib
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.wording import unknown

# The folder that is looked in before the current one: that of the study at hand, if there is one.
_study: list[Path] = []
# Modules imported here: the file of the package that each is in, and the digest of its source.
_imported: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True)
class Imported:
    """Something of a user's module, and the SHA-256 of that module's source."""

    thing: Any
    sha256: str


def look_in(folder: Path) -> None:
    """Look for modules in this folder first from now on: that of the study file."""
    _study[:] = [folder.resolve()]


def imported(name: str) -> Imported:
    """Import what `package.module:Name` names.

    Raises:
        UserError: there is no such module or name, or importing it fails.
    """
    path, _, attribute = name.partition(":")
    with _searching():
        _forget(path)
        module = _import(path)
        digest = _imported[path][1]
    if not hasattr(module, attribute):
        public = [known for known, thing in vars(module).items() if _is_own(thing, module)]
        raise UserError(name, *unknown(f"name in {path}", attribute, public))
    return Imported(getattr(module, attribute), digest)


def sources() -> dict[str, bytes]:
    """Give the users' modules that are in use, by the paths at which they are looked for.

    Those that they import are among them; there are none unless something was imported by name.
    """
    library = Path(sysconfig.get_path("stdlib"))
    loaded = [Path(getattr(module, "__file__", None) or "") for module in [*sys.modules.values()]]
    found = {}
    for file in loaded if _imported else ():
        if _is_users(file) and not file.is_relative_to(library):
            place = next(place for place in places() if file.is_relative_to(place))
            found[str(file.relative_to(place))] = file.read_bytes()
    return found


@contextmanager
def _searching() -> Iterator[None]:
    """Let imports find the users' modules, and leave no compiled files beside them."""
    path, wrote_nothing = sys.path[:], sys.dont_write_bytecode
    sys.path[:0] = [str(folder) for folder in places()]
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = wrote_nothing


def places() -> list[Path]:
    """Give the folders in which users' modules are looked for, in order."""
    return list(dict.fromkeys([*_study, Path.cwd()]))


def _import(path: str) -> ModuleType:
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as fault:
        if fault.name and f"{path}.".startswith(f"{fault.name}."):
            where = " or ".join(map(str, places()))
            raise UserError(path, f"there is no module '{fault.name}' in {where}.") from None
        raise UserError(path, failure("importing it failed", fault)) from fault
    except (Exception, SystemExit) as fault:
        raise UserError(path, failure("importing it failed", fault)) from fault
    _imported.setdefault(path, (_origin(sys.modules[_top(path)].__spec__), _digest(module)))
    return module


def failure(what: str, fault: BaseException) -> str:
    """Say what failed in the user's code, with the error and the last line of theirs."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if _is_users(Path(frame.filename))]
    # A syntax error says itself where it is.
    line = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    said = str(fault).strip().partition("\n")[0].rstrip(".")
    return f"{what}: {type(fault).__name__}{f': {said}' if said else ''}{line}."


def _is_users(file: Path) -> bool:
    ours = file.is_relative_to(Path(__file__).parents[1]) or "site-packages" in file.parts
    return not ours and any(file.is_relative_to(place) for place in places())


def _forget(path: str) -> None:
    """Drop a module that was imported here earlier, if it is not the one to be found now.

    Raises:
        UserError: another module of this name is in use by the program itself.
    """
    top = _top(path)
    spec = PathFinder.find_spec(top)
    found = _origin(spec) if spec else ""
    if path in _imported and path in sys.modules:
        if _imported[path] == (found, _digest(sys.modules[path])):
            return
    elif top not in sys.modules or _origin(sys.modules[top].__spec__) == found:
        return
    elif not any(_top(name) == top for name in _imported):
        raise UserError(path, f"the program itself uses a module '{top}'.", "Rename yours.")
    for name in [name for name in sys.modules if _top(name) == top]:
        del sys.modules[name]
        _imported.pop(name, None)


def _top(path: str) -> str:
    return path.partition(".")[0]


def _origin(spec: Any) -> str:
    """Give the file of a package or module, or the folder of a package without a file."""
    places = getattr(spec, "submodule_search_locations", None)
    return str(getattr(spec, "origin", None) or (next(iter(places)) if places else ""))


def _digest(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    try:
        return hashlib.sha256(Path(file).read_bytes() if file else b"").hexdigest()
    except OSError:
        return ""


def _is_own(thing: Any, module: ModuleType) -> bool:
    return callable(thing) and getattr(thing, "__module__", "") == module.__name__

"""Modules of the user's, imported.

Nothing here is cached beyond what the source says: a module that changed is imported anew.
"""

import importlib
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from cnn_ablate.custom.sources import Source, digest, is_installed, is_own_file, places, read
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown

# What was imported here, and all the sources that each stands on, as they were then.
_imported: dict[str, dict[str, Source]] = {}


@dataclass(frozen=True)
class Imported:
    """Something of a user's module, and the SHA-256 of what it comes from."""

    thing: Any
    sha256: str


def imported(name: str) -> Imported:
    """Import what `package.module:Name` names.

    Raises:
        UserError: there is no such module or name, or importing it fails.
    """
    path, _, attribute = name.partition(":")
    with _searching():
        found = read(path) or _loaded(path)
        _forget(path, found)
        module = _import(path, found)
    if not hasattr(module, attribute):
        public = [known for known, thing in vars(module).items() if _is_own(thing, module)]
        raise UserError(name, *unknown(f"name in {path}", attribute, public))
    return Imported(getattr(module, attribute), digest(_imported[path]))


def sources() -> dict[str, bytes]:
    """Give the users' modules that are in use, by the paths at which they are looked for.

    Those that they import are among them; there are none unless something was imported by name.
    """
    library = Path(sysconfig.get_path("stdlib"))
    named = [source.file for each in _imported.values() for source in each.values()]
    loaded = [_file(name) or Path() for name in [*sys.modules]]
    found = {}
    for file in dict.fromkeys([*named, *loaded]) if _imported else ():
        if is_own_file(file) and not file.is_relative_to(library):
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


def _import(path: str, found: dict[str, Source]) -> ModuleType:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as fault:
        if fault.name and f"{path}.".startswith(f"{fault.name}."):
            where = " or ".join(map(str, places()))
            raise UserError(path, f"there is no module '{fault.name}' in {where}.") from None
        raise UserError(path, failure("importing it failed", fault)) from fault
    except (Exception, SystemExit) as fault:
        raise UserError(path, failure("importing it failed", fault)) from fault
    finally:
        _imported[path] = found or _loaded(path)


def failure(what: str, fault: BaseException) -> str:
    """Say what failed in the user's code, with the error and the last line of theirs."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if is_own_file(Path(frame.filename))]
    # A syntax error says itself where it is.
    line = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    said = str(fault).strip().partition("\n")[0].rstrip(".")
    return f"{what}: {type(fault).__name__}{f': {said}' if said else ''}{line}."


def _forget(path: str, found: Mapping[str, Source]) -> None:
    """Drop a module that was imported here earlier, if it is not the one to be found now.

    Where a source changed, all that is the user's is dropped: any of it may stand on that source.

    Raises:
        UserError: another module of this name is in use by the program itself.
    """
    top, known = _top(path), _known()
    moved = top in sys.modules and _origin(sys.modules[top].__spec__) != _origin(
        PathFinder.find_spec(top)
    )
    if moved and top not in map(_top, known):
        raise UserError(path, f"the program itself uses a module '{top}'.", "Rename yours.")
    others = any(known.get(name, source) != source for name, source in found.items())
    dropped = {top} if moved else set()
    if others or _imported.get(path, found) != found:
        dropped = {top, *(_top(name) for name in known if not is_installed(known[name].file))}
    for names in (sys.modules, _imported) if dropped else ():
        for name in [name for name in names if _top(name) in dropped]:
            del names[name]


def _known() -> dict[str, Source]:
    """Give the sources of all that was imported here, whoever named it."""
    known = {name: source for each in _imported.values() for name, source in each.items()}
    # Python takes its own module of a name where it has one.
    return {name: source for name, source in known.items() if _file(name) == source.file}


def _top(path: str) -> str:
    return path.partition(".")[0]


def _origin(spec: Any) -> str:
    """Give the file of a package or module, or the folder of a package without a file."""
    places = getattr(spec, "submodule_search_locations", None)
    return str(getattr(spec, "origin", None) or (next(iter(places)) if places else ""))


def _file(name: str) -> Path | None:
    """Give the file from which a module was imported."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file else None


def _loaded(name: str) -> dict[str, Source]:
    """Read the source of a module that was imported, wherever it lies."""
    file = _file(name)
    return {name: Source(file, file.read_bytes())} if file and file.is_file() else {}


def _is_own(thing: Any, module: ModuleType) -> bool:
    return callable(thing) and getattr(thing, "__module__", "") == module.__name__

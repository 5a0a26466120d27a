"""Import of user-defined code by path: `package.module:Name`.

A module is imported once per process, as Python does it. If its source changes later, the import
is refused: a trial's identity holds the digest of the source, so it must be of the code that runs.
"""

import importlib
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from cnn_ablate.custom.search_path import is_folder_set, search_folders
from cnn_ablate.custom.sources import SourceFile, Sources, digest, is_user_file, read_sources
from cnn_ablate.custom.trusted_code import OpenPackages, check_built, check_trusted, open_package
from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import unknown_name


@dataclass(frozen=True)
class ImportedModule:
    """The folders in which a module was searched, and the sources that it was imported from."""

    folders: tuple[Path, ...]
    sources: Sources


@dataclass(frozen=True)
class ImportedCode:
    """A class or function of a module, and the SHA-256 of the module's sources."""

    value: Any
    sha256: str


# What this process has imported by path: like `sys.modules`, it is never emptied.
_modules: dict[str, ImportedModule] = {}
# The user modules that are loaded in this process, with their sources at that time.
_loaded: dict[str, SourceFile] = {}


def import_user_code(path: str, packages: OpenPackages) -> ImportedCode:
    """Import a class or function by its path, `package.module:Name`.

    Args:
        path: Its import path.
        packages: Installed packages that are open to what it builds.

    Raises:
        UserError: there is no such module or name, importing it fails, it is not trusted, or its
            source is not the one that this process imported earlier.
    """
    name, _, attribute = path.partition(":")
    # Settings are also resolved after the study was read, when its folder is no longer held.
    known = None if is_folder_set() else _modules.get(name)
    folders = known.folders if known else search_folders()
    is_users = bool(read_sources(name, folders))
    with _importable_from(folders):
        check_trusted(path, packages, is_user_file=is_users)
        module = _import_module(name, folders)
    if not hasattr(module, attribute):
        public = [each for each, value in vars(module).items() if _is_defined_in(module, value)]
        raise UserError(path, *unknown_name(f"name in {name}", attribute, public))
    value = getattr(module, attribute)
    if not is_users and (package := open_package(name, packages)):
        check_built(path, value, package, packages[package])
    return ImportedCode(value, digest(_modules[name].sources))


def source_digest(path: str) -> str:
    """Return the SHA-256 of user-defined code as its files are, or '' if they are not found.

    Nothing is imported.
    """
    sources = read_sources(path.partition(":")[0], search_folders())
    return digest(sources) if sources else ""


def user_source_files() -> dict[str, bytes]:
    """Return the contents of all user modules in use, by path relative to their search folder.

    Without an import by path there are none.
    """
    if not _modules:
        return {}
    library = Path(sysconfig.get_path("stdlib"))
    folders = _all_folders()
    named = [source.file for module in _modules.values() for source in module.sources.values()]
    loaded = [file for name in [*sys.modules] if (file := _file_of(name))]
    files = {}
    for file in dict.fromkeys([*named, *loaded]):
        if is_user_file(file, folders) and not file.is_relative_to(library):
            folder = next(folder for folder in folders if file.is_relative_to(folder))
            files[str(file.relative_to(folder))] = file.read_bytes()
    return files


def describe_failure(action: str, error: BaseException) -> str:
    """Return a sentence on an error in user code, with its last line there.

    For instance "building it failed: ValueError: too wide (nets.py, line 11)."
    """
    folders = _all_folders()
    frames = traceback.extract_tb(error.__traceback__)
    in_user_code = [frame for frame in frames if is_user_file(Path(frame.filename), folders)]
    # A syntax error has no frame in the file; its own message names the line.
    last = in_user_code[-1] if in_user_code else None
    line = f" ({Path(last.filename).name}, line {last.lineno})" if last else ""
    message = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{action}: {type(error).__name__}{f': {message}' if message else ''}{line}."


@contextmanager
def _importable_from(folders: Sequence[Path]) -> Iterator[None]:
    """Put folders on Python's import path, and write no compiled files into them, while held."""
    path, wrote_nothing = sys.path[:], sys.dont_write_bytecode
    sys.path[:0] = map(str, folders)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = wrote_nothing


def _import_module(name: str, folders: tuple[Path, ...]) -> ModuleType:
    user_sources = read_sources(name, folders)
    sources = user_sources or _installed_source(name)
    if not sources and _top_level(name) in map(_top_level, _loaded):
        raise _not_found(name, name, folders)
    _check_unchanged(name, sources)
    _check_name_is_free(name)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise _not_found(name, error.name, folders) from None
        raise UserError(name, describe_failure("importing it failed", error)) from error
    except (Exception, SystemExit) as error:
        raise UserError(name, describe_failure("importing it failed", error)) from error
    finally:
        # Also after a failure: modules that it imported before stay loaded.
        _loaded.update((m, s) for m, s in user_sources.items() if _file_of(m) == s.file)
    if user_sources and name not in _loaded:
        raise UserError(name, f"Python has a module '{name}' of its own.", "Rename yours.")
    _modules.setdefault(name, ImportedModule(folders, sources or _installed_source(name)))
    return module


def _not_found(name: str, missing: str, folders: Sequence[Path]) -> UserError:
    where = " or ".join(map(str, folders))
    return UserError(name, f"there is no module '{missing}' in {where}.")


def _check_unchanged(name: str, sources: Sources) -> None:
    """Refuse a module whose sources are not those that this process imported; raises UserError."""
    known = _modules.get(name)
    changed = [
        module
        for module, source in sources.items()
        if _loaded.get(module, source).text != source.text
    ]
    if changed or (known and digest(known.sources) != digest(sources)):
        what = f"this process has imported another version of '{min(changed, default=name)}'."
        raise UserError(name, what, "Restart Python, or run the command again.")


def _check_name_is_free(name: str) -> None:
    """Refuse a name that a module of the program already has; raises UserError."""
    top = _top_level(name)
    if top not in sys.modules or top in map(_top_level, _loaded):
        return
    if _origin(sys.modules[top].__spec__) != _origin(PathFinder.find_spec(top)):
        raise UserError(name, f"the program itself uses a module '{top}'.", "Rename yours.")


def _installed_source(name: str) -> Sources:
    """Return the source file of a loaded module of an installed package, if it has one."""
    file = _file_of(name)
    is_installed = file and file.is_file() and name not in _loaded
    return {name: SourceFile(file, file.read_bytes())} if file and is_installed else {}


def _all_folders() -> tuple[Path, ...]:
    """Return the folders that are searched now, and those of earlier imports."""
    earlier = [folder for module in _modules.values() for folder in module.folders]
    return tuple(dict.fromkeys([*search_folders(), *earlier]))


def _top_level(name: str) -> str:
    return name.partition(".")[0]


def _origin(spec: Any) -> str:
    """Return the file of a package or module, or the folder of a package without a file."""
    locations = getattr(spec, "submodule_search_locations", None)
    return str(getattr(spec, "origin", None) or (next(iter(locations)) if locations else ""))


def _file_of(name: str) -> Path | None:
    """Return the file from which a loaded module was imported."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file else None


def _is_defined_in(module: ModuleType, value: Any) -> bool:
    return callable(value) and getattr(value, "__module__", "") == module.__name__

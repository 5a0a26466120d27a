"""Which code a name may import: that of the user, a few open packages, and what the user allows.

A study is trusted as a Makefile is: it imports modules below its own folder or the current one. A
results folder is data: code that it names is imported only if the user asks for that.
"""

import inspect
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import PathFinder
from typing import Any

from cnn_ablate.errors import UserError

ALLOWED = "CNN_ABLATE_ALLOW"
"""The variable that names packages to import beside the user's own modules, with commas."""

# The classes of which one has to be built, by the package that is open to it.
OpenPackages = Mapping[str, type]

_are_results: ContextVar[bool] = ContextVar("code_of_results", default=False)


def allowed_packages() -> tuple[str, ...]:
    """Return the packages that the user's environment or command line allows."""
    return tuple(filter(None, map(str.strip, os.environ.get(ALLOWED, "").split(","))))


def allow_packages(packages: Iterable[str]) -> None:
    """Allow packages in this process, and in those that it starts from now on."""
    if names := dict.fromkeys([*allowed_packages(), *packages]):
        os.environ[ALLOWED] = ",".join(names)


@contextmanager
def code_of_results(*, trusted: bool) -> Iterator[None]:
    """Hold that names come from a results folder: unless trusted, only open packages are used."""
    token = _are_results.set(not trusted)
    try:
        yield
    finally:
        _are_results.reset(token)


def check_trusted(path: str, packages: OpenPackages, *, is_user_file: bool) -> None:
    """Refuse to import the module of an import path that is not trusted.

    Args:
        path: `package.module:Name`.
        packages: The packages that are open to what is to be built.
        is_user_file: Whether the module's file is below a folder that is searched.

    Raises:
        UserError: with the option that would allow it.
    """
    module = path.partition(":")[0]
    if not is_user_file and open_package(module, packages):
        return
    if _are_results.get():
        what = "is code that is named in the results, which only --trust-code imports."
        hint = "Add it (in Python: trust_code=True) if you, or someone you trust, trained them."
        raise UserError(path, what, hint)
    top = module.partition(".")[0]
    if is_user_file or _below(module, allowed_packages()) or PathFinder.find_spec(top) is None:
        return
    what = "is neither below the study's folder nor below the current one."
    hint = f"--allow {top} imports an installed package that you trust."
    raise UserError(path, what, hint)


def open_package(module: str, packages: OpenPackages) -> str:
    """Return the open package that a module is in; empty if it is in none."""
    return next((name for name in packages if _below(module, (name,))), "")


def check_built(path: str, value: Any, package: str, kind: type) -> None:
    """Refuse what an open package has beside classes and functions that build one kind.

    Raises:
        UserError: it is something else, or says nothing of what it returns.
    """
    built = value
    if not inspect.isclass(value):
        try:
            built = inspect.signature(value, eval_str=True).return_annotation
        except (TypeError, ValueError, NameError):
            built = None
    is_there = _below(getattr(value, "__module__", None) or "", (package,))
    if not (is_there and inspect.isclass(built) and issubclass(built, kind)):
        what = f"does not build a {kind.__name__}; only such names of {package} can be used."
        hint = "Wrap it in a module of your own."
        raise UserError(path, what, hint)


def _below(module: str, packages: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)

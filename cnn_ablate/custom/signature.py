"""Knobs from a signature: a class or function of the user's becomes an entry like any other.

Calls nothing but what it is asked to make; what is made is judged by who asked.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import ConfigDict, create_model, model_validator

from cnn_ablate.custom.importing import Imported, failure, imported
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob
from cnn_ablate.schema import SOURCE_KEY

_NAME = re.compile(r"(?!\d)\w+(\.(?!\d)\w+)*:(?!\d)\w+")
_PLAIN = (bool, int, float, str, list, tuple, dict, NoneType)


@dataclass(frozen=True)
class Origin:
    """Where something of the user's comes from, and what it is called with.

    `knobs` are the arguments that a study sets, `given` those that the program gives, and `tuples`
    the knobs that want a tuple.
    """

    name: str
    constructor: Callable[..., Any]
    sha256: str
    knobs: tuple[str, ...]
    given: tuple[str, ...]
    tuples: tuple[str, ...]


class UserOptions(Options):
    """The knobs of something of the user's, and the digest of the source that it comes from.

    A subclass says in `gives` which arguments the program gives, where a signature names them.
    """

    model_config = ConfigDict(protected_namespaces=())

    gives: ClassVar[tuple[str, ...]] = ()
    origin: ClassVar[Origin]

    sha256: str = knob("", "SHA-256 of the module's source; filled in, not chosen.")

    @model_validator(mode="after")
    def _is_of_this_source(self) -> "UserOptions":
        if self.sha256 != self.origin.sha256:
            raise ValueError(f"the source of {self.origin.name} is another one now")
        return self

    def made(self, **given: Any) -> Any:
        """Call the user's class or function with its knobs, and what it wants of `given`.

        Raises:
            UserError: it fails.
        """
        wanted = {name: given[name] for name in self.origin.given}
        return self.attempted("building it failed", self.origin.constructor, **wanted, **self._own)

    def attempted(self, what: str, call: Callable[..., Any], *args: Any, **knobs: Any) -> Any:
        """Call something of the user's; what it raises becomes a UserError with its line."""
        try:
            return call(*args, **knobs)
        except UserError as fault:
            raise UserError(self.origin.name, fault.what, fault.hint) from None
        except (Exception, SystemExit) as fault:
            raise UserError(self.origin.name, failure(what, fault)) from fault

    @property
    def _own(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.origin.knobs}
        # YAML has no tuples, so what is one by default comes as a list.
        tuples = {name: tuple(values[name]) for name in self.origin.tuples}
        return {**values, **tuples, **(self.model_extra or {})}


class _Open(Options):
    """Takes any keyword, as the constructor does."""

    model_config = ConfigDict(extra="allow")


AnyUserOptions = TypeVar("AnyUserOptions", bound=UserOptions)
_entries: dict[tuple[type[UserOptions], str], type[UserOptions]] = {}


def is_users(name: object) -> bool:
    """Tell whether a name is that of something of the user's: `package.module:Name`."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def user_options(name: str, parent: type[AnyUserOptions]) -> type[AnyUserOptions]:
    """Give the options of what a name stands for, from the source as it is now.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    found = imported(name)
    known: Any = _entries.get((parent, name))
    if known is None or known.origin.constructor is not found.thing:
        known = _entries[parent, name] = _options(name, found, parent)
    entry: type[AnyUserOptions] = known
    return entry


def _options(name: str, found: Imported, parent: type[AnyUserOptions]) -> type[AnyUserOptions]:
    parameters = _parameters(name, found.thing)
    knobs = [p for p in parameters.values() if _is_knob(p) and p.name not in parent.gives]
    fields: dict[str, Any] = {p.name: _field(name, p, parent) for p in knobs}
    fields[SOURCE_KEY] = (str, knob(found.sha256, "SHA-256 of the module's source."))
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    bases: Any = (parent, _Open) if takes_any else parent
    title = getattr(found.thing, "__name__", "Users")
    doc = inspect.getdoc(found.thing) or "Something of the user's."
    entry = cast("type[AnyUserOptions]", create_model(title, __base__=bases, __doc__=doc, **fields))
    entry.origin = Origin(
        name=name,
        constructor=found.thing,
        sha256=found.sha256,
        knobs=tuple(p.name for p in knobs),
        given=tuple(part for part in parent.gives if part in parameters),
        tuples=tuple(p.name for p in knobs if isinstance(p.default, tuple)),
    )
    return entry


def _parameters(name: str, constructor: Any) -> Mapping[str, inspect.Parameter]:
    if not callable(constructor):
        raise UserError(name, "is no class and no function.")
    try:
        signature = inspect.signature(constructor)
    except ValueError:
        raise UserError(name, "does not tell its arguments.", "Wrap it in a function.") from None
    # An annotation that cannot be evaluated only leaves the types unknown.
    with suppress(Exception):
        signature = inspect.signature(constructor, eval_str=True)
    for p in signature.parameters.values():
        if p.kind is p.POSITIONAL_ONLY and p.default is p.empty:
            raise UserError(name, f"'{p.name}' cannot be given by keyword.")
    return signature.parameters


def _is_knob(parameter: inspect.Parameter) -> bool:
    """Tell whether YAML could give it: one whose default is another kind of thing is no knob."""
    by_keyword = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return by_keyword and (
        parameter.default is parameter.empty or isinstance(parameter.default, _PLAIN)
    )


def _field(name: str, parameter: inspect.Parameter, parent: type[UserOptions]) -> tuple[Any, Any]:
    word = parameter.name
    taken = {"name", "origin", *parent.model_fields}
    if word.startswith("_") or word in taken or hasattr(parent, word):
        raise UserError(name, f"'{word}' cannot be a knob.", "Rename this argument.")
    default = ... if parameter.default is parameter.empty else parameter.default
    return _type(parameter.annotation), knob(default, "")


def _type(annotation: Any) -> Any:
    """Take an annotation as it is if YAML can give such a value; else take any value."""
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
    known = all(
        option in (bool, int, float, str, None, NoneType) or get_origin(option) is Literal
        for option in options
    )
    return annotation if known else Any

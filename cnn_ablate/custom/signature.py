"""Options from a signature: a user-defined class or function becomes an entry like any other.

Its arguments become knobs. Nothing is called here before `instantiate` is; the caller checks what
was built.
"""

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import ConfigDict, create_model, model_validator

from cnn_ablate.custom.importing import ImportedCode, describe_failure, import_user_code
from cnn_ablate.custom.trusted_code import OpenPackages
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob
from cnn_ablate.schema import SOURCE_KEY
from cnn_ablate.text import listed

_IMPORT_PATH = re.compile(r"(?!\d)\w+(\.(?!\d)\w+)*:(?!\d)\w+")
_YAML_TYPES = (bool, int, float, str, list, tuple, dict, NoneType)


@dataclass(frozen=True)
class Origin:
    """A user-defined class or function, and the arguments that it is called with.

    `knobs` are the arguments that a study sets, `provided` those that the program passes,
    `optional` the knobs that it passes where a study does not set them, and `tuples` the knobs
    whose default is a tuple.
    """

    path: str
    constructor: Callable[..., Any]
    sha256: str
    knobs: tuple[str, ...]
    provided: tuple[str, ...]
    optional: tuple[str, ...]
    tuples: tuple[str, ...]


class UserOptions(Options):
    """The knobs of a user-defined class or function, and the digest of its source.

    A subclass lists in `provides` the arguments that the program passes if a signature has them,
    in `synonyms` their other common names, and in `open_packages` what may be named without being
    allowed. An argument with such a name is a knob, and passed if neither study nor signature has
    a value for it.
    """

    model_config = ConfigDict(protected_namespaces=())

    provides: ClassVar[tuple[str, ...]] = ()
    synonyms: ClassVar[Mapping[str, str]] = {}
    open_packages: ClassVar[OpenPackages] = {}
    origin: ClassVar[Origin]

    sha256: str = knob("", "SHA-256 of the module's source; filled in, not chosen.")

    @model_validator(mode="after")
    def _has_this_source(self) -> "UserOptions":
        if self.sha256 != self.origin.sha256:
            raise ValueError(f"the source of {self.origin.path} has changed since")
        return self

    def instantiate(self, **provided: Any) -> Any:
        """Call the user's class or function with its knobs and the arguments that it has.

        Raises:
            UserError: it fails.
        """
        arguments = {name: provided[name] for name in self.origin.provided}
        unset = [name for name in self.origin.optional if getattr(self, name) is None]
        arguments |= {name: provided[self.synonyms[name]] for name in unset}
        return self.call_user_code(
            "building it failed", self.origin.constructor, **{**self._knob_arguments, **arguments}
        )

    def call_user_code(
        self, action: str, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Call user code; an exception becomes a UserError with its line, "<action>: ..."."""
        try:
            return function(*args, **kwargs)
        except UserError as error:
            raise UserError(self.origin.path, error.what, error.hint) from None
        except (Exception, SystemExit) as error:
            raise UserError(self.origin.path, describe_failure(action, error)) from error

    @classmethod
    def advice_on_missing(cls) -> str:
        """Return how an argument gets its value, in a sentence; without those that have one."""
        used = {*cls.origin.provided, *cls.origin.optional}
        names = [*cls.provides, *(n for n, meant in cls.synonyms.items() if meant not in used)]
        free = [f"`{name}`" for name in names if name not in used]
        name = cls.origin.path.partition(":")[2]
        filled = f"called {listed(free, 'or')} is filled in; any other " if free else ""
        return f"An argument of {name} {filled}needs a default, or a value in the study."

    @classmethod
    def _matters(cls, name: str, values: Mapping[str, Any]) -> bool:
        unset = name in cls.origin.optional and values[name] is None
        return not unset and super()._matters(name, values)

    @property
    def _knob_arguments(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.origin.knobs}
        # YAML has no tuples, so a knob whose default is a tuple is written as a list.
        tuples = {name: tuple(values[name]) for name in self.origin.tuples}
        return {**values, **tuples, **(self.model_extra or {})}


class _ExtraAllowed(Options):
    """Takes any keyword, as a constructor with `**kwargs` does."""

    model_config = ConfigDict(extra="allow")


AnyUserOptions = TypeVar("AnyUserOptions", bound=UserOptions)
# By import path, digest of the source and parent.
_classes: dict[tuple[str, str, type[UserOptions]], type[UserOptions]] = {}


def is_import_path(name: object) -> bool:
    """Return whether a name is the import path of user-defined code: `package.module:Name`."""
    return isinstance(name, str) and _IMPORT_PATH.fullmatch(name) is not None


def options_from_signature(path: str, parent: type[AnyUserOptions]) -> type[AnyUserOptions]:
    """Return the options class of user-defined code, with a knob per argument.

    Args:
        path: Its import path.
        parent: The options class to extend.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    code = import_user_code(path, parent.open_packages)
    key = path, code.sha256, parent
    if key not in _classes:
        _classes[key] = _options_class(path, code, parent)
    return cast("type[AnyUserOptions]", _classes[key])


def _options_class(path: str, code: ImportedCode, parent: type[UserOptions]) -> type[UserOptions]:
    parameters = _parameters(path, code.value)
    knobs = [p for p in parameters.values() if _is_knob(p) and p.name not in parent.provides]
    optional = [
        p for p in knobs if p.default is p.empty and _is_synonym(p.name, parent, parameters)
    ]
    fields: dict[str, Any] = {p.name: _field(path, p, parent) for p in knobs}
    fields |= {p.name: (fields[p.name][0] | None, knob(None, "")) for p in optional}
    fields[SOURCE_KEY] = (str, knob(code.sha256, "SHA-256 of the module's source."))
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    bases: Any = (parent, _ExtraAllowed) if takes_any else parent
    title = getattr(code.value, "__name__", "Users")
    doc = inspect.getdoc(code.value) or "User-defined."
    options = cast("type[UserOptions]", create_model(title, __base__=bases, __doc__=doc, **fields))
    options.origin = Origin(
        path=path,
        constructor=code.value,
        sha256=code.sha256,
        knobs=tuple(p.name for p in knobs),
        provided=tuple(name for name in parent.provides if name in parameters),
        optional=tuple(p.name for p in optional),
        tuples=tuple(p.name for p in knobs if isinstance(p.default, tuple)),
    )
    return options


def _parameters(path: str, constructor: Any) -> Mapping[str, inspect.Parameter]:
    if not callable(constructor):
        raise UserError(path, "is neither a class nor a function.")
    try:
        signature = inspect.signature(constructor)
    except ValueError:
        raise UserError(path, "has no signature.", "Wrap it in a function.") from None
    # An annotation that cannot be evaluated only leaves the types unknown.
    with suppress(Exception):
        signature = inspect.signature(constructor, eval_str=True)
    for p in signature.parameters.values():
        if p.kind is p.POSITIONAL_ONLY and p.default is p.empty:
            raise UserError(path, f"'{p.name}' cannot be passed by keyword.")
    return signature.parameters


def _is_knob(parameter: inspect.Parameter) -> bool:
    """Return whether YAML can hold its values, as far as its default shows."""
    by_keyword = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return by_keyword and (
        parameter.default is parameter.empty or isinstance(parameter.default, _YAML_TYPES)
    )


def _is_synonym(name: str, parent: type[UserOptions], names: Collection[str]) -> bool:
    """Return whether a name stands for an argument that a signature does not have."""
    return name in parent.synonyms and parent.synonyms[name] not in names


def _field(path: str, parameter: inspect.Parameter, parent: type[UserOptions]) -> tuple[Any, Any]:
    name = parameter.name
    reserved = {"name", "origin", *parent.model_fields}
    if name.startswith("_") or name in reserved or hasattr(parent, name):
        raise UserError(path, f"'{name}' cannot be a knob.", "Rename this argument.")
    default = ... if parameter.default is parameter.empty else parameter.default
    return _field_type(parameter.annotation), knob(default, "")


def _field_type(annotation: Any) -> Any:
    """Return an annotation if YAML can hold all of its types, else Any."""
    types = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
    known = all(
        each in (bool, int, float, str, None, NoneType) or get_origin(each) is Literal
        for each in types
    )
    return annotation if known else Any

"""Networks of the user's own, named `package.module:Name`: the knobs are what `Name` takes.

`Name` is a class or a function that gives the network. It is called with its knobs by keyword and,
where its signature names them, with `channels` and `classes` (numbers) and `image_size`: the side
of square images in pixels, else (height, width).
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

import torch
from pydantic import ConfigDict, create_model, model_validator
from torch import Tensor, nn

from cnn_ablate.errors import UserError
from cnn_ablate.models.dropout import number_dropouts
from cnn_ablate.models.importing import Imported, failure, imported
from cnn_ablate.models.initial import initialise
from cnn_ablate.models.options import ModelOptions, Shape
from cnn_ablate.options import knob
from cnn_ablate.schema import SOURCE_KEY
from cnn_ablate.streams import key

_NAME = re.compile(r"(?!\d)\w+(\.(?!\d)\w+)*:(?!\d)\w+")
_FROM_DATA = ("channels", "classes", "image_size")
_PLAIN = (bool, int, float, str, list, tuple, dict, NoneType)


@dataclass(frozen=True)
class Origin:
    """Where a network of the user's comes from, and what it is called with.

    `from_data` are the arguments that the data set decides; `tuples` those that want a tuple.
    """

    name: str
    constructor: Callable[..., Any]
    sha256: str
    from_data: tuple[str, ...]
    tuples: tuple[str, ...]


class UserModel(ModelOptions):
    """The knobs of a network of the user's, and the digest of the source that it comes from."""

    model_config = ConfigDict(protected_namespaces=())

    on_meta: ClassVar[bool] = False
    origin: ClassVar[Origin]

    sha256: str = knob("", "SHA-256 of the module's source; filled in, not chosen.")

    @model_validator(mode="after")
    def _is_of_this_source(self) -> "UserModel":
        if self.sha256 != self.origin.sha256:
            raise ValueError(f"the source of {self.origin.name} is another one now")
        return self

    def settings(self) -> dict[str, Any]:
        """Give all knobs: what cannot matter is not known of them."""
        return self.model_dump()

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, and try it on two empty images of any size.

        Raises:
            UserError: building or calling it fails, or it gives no logits.
        """
        network = self.network(shape, classes)
        number_dropouts(network)
        answers = self._attempted("calling it failed", network.eval(), torch.zeros(2, *shape))
        if not isinstance(answers, Tensor) or answers.shape != (2, classes):
            given = tuple(answers.shape) if isinstance(answers, Tensor) else type(answers).__name__
            expected = f"expected logits of shape {(2, classes)} for two images, got {given}."
            raise UserError(self.origin.name, expected)
        return network.train()

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Call the user's class or function."""
        channels, height, width = shape
        size = height if height == width else (height, width)
        data = dict(zip(_FROM_DATA, (channels, classes, size), strict=True))
        given = {name: data[name] for name in self.origin.from_data} | self._knobs()
        network = self._attempted("building it failed", self.origin.constructor, **given)
        if not isinstance(network, nn.Module):
            kind = type(network).__name__
            raise UserError(self.origin.name, f"gives no torch.nn.Module, but {kind}.")
        return network

    def initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network as it draws its own weights, which `default` leaves as they are."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, "init"))
            network = self.build(shape, classes)
        if scheme != "default":
            initialise(network, seed, scheme)
        return network

    def _knobs(self) -> dict[str, Any]:
        values = {name: value for name, value in dict(self).items() if name != SOURCE_KEY}
        # YAML has no tuples, so what is one by default comes as a list.
        return {k: tuple(v) if k in self.origin.tuples else v for k, v in values.items()}

    def _attempted(self, what: str, call: Callable[..., Any], *args: Any, **knobs: Any) -> Any:
        try:
            with torch.no_grad():
                return call(*args, **knobs)
        except Exception as fault:
            raise UserError(self.origin.name, failure(what, fault)) from fault


class OpenUserModel(UserModel):
    """The same where the constructor takes any keyword."""

    model_config = ConfigDict(extra="allow")


_entries: dict[str, type[UserModel]] = {}


def is_users(name: object) -> bool:
    """Tell whether a model's name is that of a user's: `package.module:Name`."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def user_model(name: str) -> type[UserModel]:
    """Give the options of a user's network, from the source as it is now.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    found = imported(name)
    known = _entries.get(name)
    if known is None or known.origin.constructor is not found.thing:
        _entries[name] = _options(name, found)
    return _entries[name]


def _options(name: str, found: Imported) -> type[UserModel]:
    parameters = _parameters(name, found.thing)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {
        p.name: p
        for p in parameters.values()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in _FROM_DATA
    }
    fields: dict[str, Any] = {p.name: _field(name, p) for p in named.values() if _is_plain(p)}
    fields[SOURCE_KEY] = (str, knob(found.sha256, "SHA-256 of the module's source."))
    entry = _entry(found.thing, OpenUserModel if takes_any else UserModel, fields)
    entry.origin = Origin(
        name=name,
        constructor=found.thing,
        sha256=found.sha256,
        from_data=tuple(part for part in _FROM_DATA if part in parameters),
        tuples=tuple(p.name for p in named.values() if isinstance(p.default, tuple)),
    )
    return entry


def _entry(constructor: Any, parent: type[UserModel], fields: dict[str, Any]) -> type[UserModel]:
    doc = inspect.getdoc(constructor) or "A network of the user's."
    return create_model(
        getattr(constructor, "__name__", "Network"), __base__=parent, __doc__=doc, **fields
    )


def _parameters(name: str, constructor: Any) -> Mapping[str, inspect.Parameter]:
    if not callable(constructor):
        raise UserError(name, "is no class and no function.")
    try:
        signature = inspect.signature(constructor, eval_str=True)
    except NameError:
        signature = inspect.signature(constructor)
    for p in signature.parameters.values():
        if p.kind is p.POSITIONAL_ONLY and p.default is p.empty:
            raise UserError(name, f"'{p.name}' cannot be given by keyword.")
    return signature.parameters


def _field(name: str, parameter: inspect.Parameter) -> tuple[Any, Any]:
    taken = {"name", "origin", *UserModel.model_fields}
    word = parameter.name
    if word.startswith("_") or word in taken or hasattr(UserModel, word):
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


def _is_plain(parameter: inspect.Parameter) -> bool:
    """Tell whether YAML could give its default: an argument with another one is no knob."""
    return parameter.default is parameter.empty or isinstance(parameter.default, _PLAIN)

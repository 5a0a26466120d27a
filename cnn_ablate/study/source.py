"""YAML text to plain values, remembering where in the file each of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cnn_ablate.errors import UserError

Place = tuple[str | int, ...]

_MOST_BYTES = 256 * 1024
# A study has some hundred. So many take half a second; aliases repeat them without end.
_MOST_NODES = 10_000
_MOST_DEEP = 40
_TOO_MANY = f"not a study: more than {_MOST_NODES:,} values."
_TOO_DEEP = "not a study: nested too deeply."


@dataclass(frozen=True)
class Source:
    """A file's values, and the line and column of each value and each key."""

    name: str
    values: Any
    marks: Mapping[Place, tuple[int, int]]
    key_marks: Mapping[Place, tuple[int, int]]

    def mark(self, place: Place, *, key: bool = False) -> tuple[int, int]:
        """Give line and column of the value (or the key) at a place, or of the nearest written."""
        mark = (self.key_marks if key else self.marks).get(place)
        while mark is None and place:
            place = place[:-1]
            mark = self.marks.get(place)
        return mark or (1, 1)


def spell(place: Place) -> str:
    """Write a place as a reader would: `factors.model.attention[1]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def load(path: Path) -> Source:
    """Read a study file.

    Raises:
        UserError: it is missing, too large, not text, or not YAML.
    """
    try:
        with path.open("rb") as file:
            payload = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(str(path), "no such file.") from None
    except OSError as fault:
        raise UserError(str(path), f"cannot be read: {fault.strerror}.") from None
    if len(payload) > _MOST_BYTES:
        raise UserError(str(path), f"more than {_MOST_BYTES:,} bytes: too many for a study.")
    try:
        return parse(str(path), payload.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise UserError(str(path), f"not a text file: byte {fault.start} is not UTF-8.") from None


def parse(name: str, text: str) -> Source:
    """Read YAML 1.2 text; `name` stands for it in messages."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    try:
        root = yaml.compose(text)
        walk = _Walk(yaml, name)
        values = walk.value(root, ()) if root is not None else None
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        at = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise UserError(at, f"not YAML: {fault.problem or fault.context}.") from None
    except RecursionError:
        raise UserError(name, _TOO_DEEP) from None
    except _TooMuchError as fault:
        raise UserError(name, str(fault)) from None
    except (YAMLError, ValueError) as fault:
        sentence = str(fault).strip().splitlines()[0]
        raise UserError(name, f"not YAML: {sentence}.") from None
    return Source(name, values, walk.marks, walk.key_marks)


class _TooMuchError(Exception):
    """A file that is too long or too deep to be a study."""


class _Composer(Composer):
    """Makes nodes of a file until there are too many, before that costs time."""

    warn_double_anchors = False

    def __init__(self, *loader: Any, **more: Any) -> None:
        super().__init__(*loader, **more)
        self.nodes, self.level = 0, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Make one node with all that is in it."""
        self.nodes += 1
        self.level += 1
        if self.nodes > _MOST_NODES:
            raise _TooMuchError(_TOO_MANY)
        if self.level > _MOST_DEEP:
            raise _TooMuchError(_TOO_DEEP)
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


class _Walk:
    """One pass over the nodes of a file."""

    def __init__(self, yaml: YAML, name: str) -> None:
        self.yaml = yaml
        self.name = name
        self.marks: dict[Place, tuple[int, int]] = {}
        self.key_marks: dict[Place, tuple[int, int]] = {}

    def value(self, node: Node, place: Place) -> Any:
        self.marks[place] = _mark(node)
        if len(self.marks) > _MOST_NODES:
            raise UserError(self.name, _TOO_MANY)
        if isinstance(node, MappingNode):
            return self.mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(part, (*place, i)) for i, part in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = _mark(key_node)
            at = f"{self.name}:{line}:{column}"
            if not isinstance(key_node, ScalarNode):
                raise UserError(at, "a key must be a word.")
            key = str(key_node.value)
            if key in values:
                raise UserError(at, f"{spell((*place, key))} stands twice.")
            self.key_marks[*place, key] = (line, column)
            values[key] = self.value(value_node, (*place, key))
        return values

    def scalar(self, node: Node) -> Any:
        return self.yaml.constructor.construct_object(node, deep=True)


def _mark(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1

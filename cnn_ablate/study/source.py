"""Load YAML as plain values, with the line and column of each value and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import not_utf8

Place = tuple[str | int, ...]
"""The keys and list indices that lead to a value."""

_MOST_BYTES = 256 * 1024
# A study has some hundreds. This many take half a second; nested aliases can repeat them endlessly.
_MOST_NODES = 10_000
_MOST_DEEP = 40
_TOO_MANY = f"not a study: more than {_MOST_NODES:,} values."
_TOO_DEEP = "not a study: nested too deeply."


@dataclass(frozen=True)
class Source:
    """The values of a file, and the line and column of each value and each key."""

    name: str
    values: Any
    marks: Mapping[Place, tuple[int, int]]
    key_marks: Mapping[Place, tuple[int, int]]

    def mark(self, place: Place, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of the value (or the key) at a place, else of what contains it."""
        mark = (self.key_marks if key else self.marks).get(place)
        while mark is None and place:
            place = place[:-1]
            mark = self.marks.get(place)
        return mark or (1, 1)


def format_place(place: Place) -> str:
    """Return a place as text: `factors.model.attention[1]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def load(path: Path) -> Source:
    """Load a study file.

    Raises:
        UserError: it is missing, too large, not text, or not YAML.
    """
    try:
        str(path).encode()  # results name their study file
        with path.open("rb") as file:
            payload = file.read(_MOST_BYTES + 1)
    except UnicodeEncodeError as error:
        raise not_utf8(error) from None
    except FileNotFoundError:
        raise UserError(str(path), "no such file.") from None
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from None
    if len(payload) > _MOST_BYTES:
        raise UserError(str(path), f"more than {_MOST_BYTES:,} bytes: too many for a study.")
    try:
        return parse(str(path), payload.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(str(path), f"not a text file: byte {error.start} is not UTF-8.") from None


def parse(name: str, text: str) -> Source:
    """Parse YAML 1.2 text; messages call it `name`.

    Raises:
        UserError: it is not YAML, or is too large.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    try:
        root = yaml.compose(text)
        builder = _Builder(yaml, name)
        values = builder.value(root, ()) if root is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise UserError(at, f"not YAML: {error.problem or error.context}.") from None
    except RecursionError:
        raise UserError(name, _TOO_DEEP) from None
    except _TooMuchError as error:
        raise UserError(name, str(error)) from None
    except (YAMLError, ValueError) as error:
        sentence = str(error).strip().splitlines()[0]
        raise UserError(name, f"not YAML: {sentence}.") from None
    return Source(name, values, builder.marks, builder.key_marks)


class _TooMuchError(Exception):
    """The text is too long or too deeply nested to be a study."""


class _Composer(Composer):
    """Composes nodes up to a limit, so that a hostile file is refused before it costs time."""

    warn_double_anchors = False

    def __init__(self, *loader: Any, **more: Any) -> None:
        super().__init__(*loader, **more)
        self.nodes, self.level = 0, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node with all its children."""
        self.nodes += 1
        self.level += 1
        if self.nodes > _MOST_NODES:
            raise _TooMuchError(_TOO_MANY)
        if self.level > _MOST_DEEP:
            raise _TooMuchError(_TOO_DEEP)
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


class _Builder:
    """Builds plain values from nodes, and records where each of them is."""

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
            key = _whole(str(key_node.value), at)
            if key == "<<":
                what = f"{format_place((*place, key))}: YAML 1.2 has no merge keys."
                raise UserError(at, what, "Write out the keys that it would bring in.")
            if key in values:
                raise UserError(at, f"{format_place((*place, key))} is given twice.")
            self.key_marks[*place, key] = (line, column)
            values[key] = self.value(value_node, (*place, key))
        return values

    def scalar(self, node: Node) -> Any:
        value = self.yaml.constructor.construct_object(node, deep=True)
        line, column = _mark(node)
        return _whole(value, f"{self.name}:{line}:{column}") if isinstance(value, str) else value


def _whole(text: str, at: str) -> str:
    """Return a text in which no character is in two halves, as JSON escapes some of them.

    Raises:
        UserError: one half is missing.
    """
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        half = text.encode("utf-16", "surrogatepass")[error.start : error.end]
        what = f"half a character ({half.decode('utf-16', 'surrogatepass')!a})."
        raise UserError(at, what, "Write the character itself.") from None


def _mark(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1

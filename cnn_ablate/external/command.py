"""The command of an external trainer: its placeholders, and how a trial's values fill them."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RESERVED = {
    "seed": "the seed of the trial",
    "out": "the folder that takes its results",
    "settings": "a JSON file with all of its settings, its seed and that folder",
}
"""The placeholders that are no keys of the baseline, and what they stand for."""

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_BRACES = {"{{": "{", "}}": "}"}


def placeholders(word: str) -> list[str]:
    """Return the names in a word of a command; `{{` and `}}` stand for braces."""
    return [found[1] for found in _PLACEHOLDER.finditer(word) if found[1] is not None]


def fill(command: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """Return a command with its placeholders replaced.

    A word that is nothing but a placeholder of a list becomes one word per item, or none. The
    program `python` is the one that runs this program.

    Args:
        command: The program and its arguments.
        values: By the name of the placeholder.
    """
    if not command:
        return []
    program, *words = (filled for word in command for filled in _fill(word, values))
    return [sys.executable if program == "python" else program, *words]


def as_word(value: Any) -> str:
    """Return a value as a word of a command: texts as they are, all others as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _fill(word: str, values: Mapping[str, Any]) -> Iterator[str]:
    whole = _PLACEHOLDER.fullmatch(word)
    value = values[whole[1]] if whole and whole[1] is not None else None
    if isinstance(value, list):
        yield from map(as_word, value)
    else:
        yield _PLACEHOLDER.sub(lambda found: _replacement(found, values), word)


def _replacement(found: re.Match[str], values: Mapping[str, Any]) -> str:
    return _BRACES.get(found[0]) or as_word(values[found[1]])

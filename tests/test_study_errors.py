"""Error messages for invalid study files, word for word: place, fault and hint.

`faults.yaml` has the faults, each a change to a sound study, and the expected errors.
"""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cnn_ablate.errors import UserError
from cnn_ablate.study import read_study
from test_study import SOUND, messages, write

FAULTS: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("faults.yaml")
)


def broken(name: str) -> str:
    """Return the text of a study with a fault."""
    fault = FAULTS[name]
    text = str(fault.get("text", SOUND))
    for old, new in fault.get("changes", {}).items():
        assert old in text
        text = text.replace(old, new)
    return f"{text}{fault.get('more', '')}"


@pytest.mark.parametrize("name", FAULTS)
def test_one_clear_message(tmp_path: Path, name: str) -> None:
    """Each mistake gets one message, with file, line and column."""
    assert FAULTS[name]["message"].splitlines() == messages(tmp_path, broken(name))


def test_all_mistakes_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Nothing stops at the first mistake."""
    text = SOUND.replace("1e-2", "-1").replace("none]", "nune]").replace("[3, 5]", "x")
    errors = messages(tmp_path, text)
    assert ["s.yaml:5:30", "s.yaml:8:27", "s.yaml:9:8"] == [m.split(": ")[0] for m in errors]


def test_missing_file(tmp_path: Path) -> None:
    """The message names the missing file."""
    with pytest.raises(UserError, match=r"nowhere\.yaml: no such file\."):
        read_study(tmp_path / "nowhere.yaml")


def test_binary_junk(tmp_path: Path) -> None:
    """Bytes that are not text are refused."""
    path = tmp_path / "junk.yaml"
    path.write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file: byte 0 is not UTF-8"):
        read_study(path)


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of megabytes is refused."""
    with pytest.raises(UserError, match="too many for a study"):
        read_study(write(tmp_path, "a: " + "b" * 1_000_000))


def test_alias_bomb_is_refused(tmp_path: Path) -> None:
    """Nested aliases cannot expand without limit."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    [message] = messages(tmp_path, "\n".join(lines))
    assert "more than 10,000 values" in message

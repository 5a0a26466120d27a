"""Output on narrow terminals, in files and pipes, and without colour."""

import io
import re
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cnn_ablate.cli import app
from cnn_ablate.cli.progress_bars import progress_display
from cnn_ablate.cli.text_table import print_rows
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.text import wrapped
from support import fake_study
from support.cli_study import call

COMMANDS = {
    "plan": ["plan", "s.yaml"],
    "compare": ["compare", "made_up", "made_up"],
    "list": ["list", "optimizers"],
    "list of metrics": ["list", "metrics"],
    "explain": ["explain", "s.yaml", "norm=batch"],
    "status": ["status", "made_up"],
}
ESCAPES = re.compile(r"\x1b\[[0-9?;]*[a-zA-Z]|\r")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, and the results of another."""
    folder = tmp_path_factory.mktemp("place")
    fake_study.publish(folder / "results", fake_study.FakeStudy(variants=3, seeds=3, images=100))
    (folder / "s.yaml").write_text(
        "study: s\n"
        "baseline: {data: {name: fashion_mnist_sample}, model: {name: lenet}}\n"
        "factors: {model.norm: [none, batch]}\n",
        encoding="utf-8",
    )
    return folder


def said(place: Path, monkeypatch: pytest.MonkeyPatch, command: str, **env: str) -> str:
    """Return what a command prints in the folder."""
    monkeypatch.chdir(place)
    found = CliRunner().invoke(app, COMMANDS[command], env=env)
    assert 0 == found.exit_code, found.exception
    return found.output


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_but_text_goes_to_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Files and pipes get no escape sequences."""
    assert "\x1b" not in said(place, monkeypatch, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_color(place: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """With NO_COLOR there is no colour on a terminal either."""
    printed = said(place, monkeypatch, command, NO_COLOR="1", FORCE_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]", printed)


@pytest.mark.parametrize(
    ("command", "whole"),
    [
        ("plan", ["44,426", "281,640", "norm: none -> batch"]),
        ("compare", ["second - first: 0.0", "verdict: cannot tell"]),
        ("explain", ["44,470", "281,640"]),
    ],
)
def test_forty_columns_cut_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str, whole: list[str]
) -> None:
    """On a narrow terminal no number or name is cut."""
    printed = said(place, monkeypatch, command, COLUMNS="40", FORCE_COLOR="1", NO_COLOR="1")
    printed = ESCAPES.sub("", printed)
    for text in whole:
        assert text in printed
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed


def test_a_terminal_breaks_lines_between_words(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files and pipes get each sentence in one line."""
    piped = said(place, monkeypatch, "plan", COLUMNS="80").splitlines()
    printed = said(place, monkeypatch, "plan", COLUMNS="80", FORCE_COLOR="1", NO_COLOR="1")
    shown = ESCAPES.sub("", printed)
    assert max(map(len, piped)) > 80 >= max(map(len, shown.splitlines()))
    assert " ".join(" ".join(piped).split()) == " ".join(shown.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_lines_of_files_end_without_blanks(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """However narrow the terminal is, they are the same."""
    narrow, wide = (said(place, monkeypatch, command, COLUMNS=n) for n in ("40", "200"))
    assert [line.rstrip() for line in wide.splitlines()] == wide.splitlines()
    assert command == "explain" or narrow == wide


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_breaks_errors_between_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    """No path is broken, though it has blanks and is longer than a line."""
    path = tmp_path / ("a folder of studies " * 4).strip() / "study of mine.yaml"
    path.parent.mkdir()
    path.write_text("study: mine\nbaselin: {}\nseeds: none at all\n", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(io, "StringIO", Terminal if is_terminal else io.StringIO)
    _, _, printed = call("plan", path, cwd=tmp_path)
    assert str(path) in printed
    others = [line for line in printed.splitlines() if str(path) not in line]
    assert is_terminal == bool(others)
    assert all(len(line) <= 60 for line in others)


@pytest.mark.parametrize("width", range(16, 60))
def test_a_number_stays_with_its_unit(width: int) -> None:
    """No line ends in a number; nothing else changes."""
    text = "At most 33.3 % of the 40 images, for about 12 min, with 4 seeds"
    lines = wrapped(text, width).splitlines()
    assert not any(line[-1].isdigit() for line in lines)
    assert max(map(len, lines)) <= width
    assert text == " ".join(line.strip() for line in lines)


def test_no_name_controls_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends and escape sequences in a name are blanks, in tables and in sentences."""
    console, name = Console(), "a\nb\x1b[2J\x9bc"
    print_rows(console, ["variant"], [[name]])
    print_sentence(console, f"{name}.")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert ["variant", "a b [2J c", "a b [2J c."] == lines


@pytest.mark.parametrize(
    ("stream", "slow", "is_shown"),
    [(Terminal(), 60.0, True), (io.StringIO(), 0.0, True), (io.StringIO(), 60.0, False)],
)
def test_what_is_prepared_is_shown(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, slow: float, *, is_shown: bool
) -> None:
    """A terminal has a bar at once; a file has a line if it takes long."""
    monkeypatch.setattr("cnn_ablate.cli.progress_bars._SLOW", slow)
    monkeypatch.setattr(sys, "stderr", stream)
    ends = time.monotonic() + 20 * is_shown
    with progress_display() as display, display.preparing("Auditing 4 variants"):
        while "Auditing 4 variants" not in stream.getvalue() and time.monotonic() < ends:
            time.sleep(0.01)
    assert is_shown == ("Auditing 4 variants" in stream.getvalue())

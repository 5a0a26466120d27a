"""Fuzzed study files: each is read, or refused in a sentence, within a second."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from ruamel.yaml import YAML

from cnn_ablate.errors import UserError
from cnn_ablate.study import read_study
from support import cli_study, fast_study

TEXTS = [cli_study.STUDY, fast_study.STUDY]
# What means something in YAML, or to the reader.
WORDS = [
    *"[]{}:,-#&*!|>'\"%@`?\n \t",
    "- ",
    ": ",
    "<<",
    "null",
    "true",
    "~",
    "1e999",
    ".nan",
    "0x1F",
]
WORDS += ["baseline", "factors", "model.name", "data.name", "seeds", "claims", "design", "list"]
WORDS += ["factorial", "fractional", "exclude", "profiles"]
WORDS += [
    "\\ud800",
    "\u2028",
    "\x85",
    "\ufeff",
    "é",
    "猫",
    "9" * 30,
    "-1",
    "2001-01-01",
    "&a",
    "*a",
]
PLAIN = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.sampled_from(WORDS)
)
VALUES = some.recursive(
    PLAIN,
    lambda inner: some.one_of(
        some.lists(inner, max_size=4),
        some.dictionaries(some.sampled_from(WORDS) | some.text(max_size=8), inner, max_size=4),
    ),
    max_leaves=12,
)


@some.composite
def mutilated(draw: Any) -> bytes:
    """Return a valid file with parts cut, repeated and replaced."""
    text = draw(some.sampled_from(TEXTS))
    for _ in range(draw(some.integers(1, 4))):
        start = draw(some.integers(0, len(text)))
        end = min(len(text), start + draw(some.integers(0, 40)))
        put = draw(
            some.sampled_from(WORDS) | some.text(max_size=6) | some.just(text[start:end] * 2)
        )
        text = text[:start] + put + text[end:]
    return text.encode("utf-8", "surrogatepass")


@some.composite
def rebuilt(draw: Any) -> bytes:
    """Return a valid study with odd values at some keys."""
    values = YAML(typ="safe", pure=True).load(draw(some.sampled_from(TEXTS)))
    for _ in range(draw(some.integers(1, 3))):
        place = values
        while isinstance(place, dict) and place:
            key = draw(some.sampled_from(sorted(place)))
            if not isinstance(place[key], dict) or draw(some.booleans()):
                place[key] = draw(VALUES)
                break
            place = place[key]
    return repr(values).replace("None", "null").encode("utf-8", "surrogatepass")


FILES = some.one_of(mutilated(), rebuilt(), some.binary(max_size=200))


def flatten(error: BaseException) -> Iterator[BaseException]:
    """Return the exceptions of a group."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from flatten(part)
    else:
        yield error


def check(path: Path, payload: bytes) -> None:
    """Read a file, which may be refused, but only with a UserError, and in time.

    It takes less than a second; the bound allows for a busy machine.
    """
    path.write_bytes(payload)
    began = time.process_time()
    try:
        read_study(path)
    except (UserError, ExceptionGroup) as error:
        errors = [*flatten(error)]
    else:
        errors = []
    assert [] == [e for e in errors if not isinstance(e, UserError) or not str(e)]
    assert time.process_time() - began < 3.0


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write to; a first reading has already imported what reading needs."""
    path = tmp_path_factory.mktemp("fuzz") / "study.yaml"
    path.write_text(cli_study.STUDY)
    read_study(path)
    return path


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(payload=FILES)
def test_any_file_is_read_or_refused(path: Path, payload: bytes) -> None:
    """No file leads to a traceback, or takes long."""
    check(path, payload)


@pytest.mark.slow
@settings(max_examples=6000, suppress_health_check=list(HealthCheck))
@given(payload=FILES)
def test_thousands_of_files_are_read_or_refused(path: Path, payload: bytes) -> None:
    """The same, 6,000 times."""
    check(path, payload)


GOOD = "study: s\nbaseline:\n  data: {name: fashion_mnist_sample}\n  model: {name: lenet}\n"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LEVELS = "".join(
    f"  b{i}: {{a: {{}}, b: {{optimizer.lr: 0.{i + 1}}}, c: {{optimizer.lr: 0.0{i + 1}}}}}\n"
    for i in range(21)
)
CLAIM = "claims:\n  - {id: a, variant: baseline, metric: parameters, value: 1}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "more than 10,000 values"),
        ("a: &a [*a]\n", "nested too deeply"),
        ("a: " + "[" * 50_000, "nested too deeply"),
        (f"a: [{'1, ' * 80_000}]", "more than 10,000 values"),
        ("a: 1\n" * 2_000_000, "more than 262,144 bytes"),
        (f"{GOOD}seeds: 1000000000000\n", "expected at most 10,000 seeds"),
        (f"{GOOD}model_limit: {'9' * 100_000}\n", "not YAML"),
        (f"{GOOD}factors:\n{LEVELS}design: factorial\n{CLAIM}", "10,460,353,203 combinations"),
        (f"{GOOD}factors:\n  optimizer.lr: [{'1, ' * 600}]\n", "600 levels are too many"),
        (f"study: {'x' * 300}\n{GOOD[9:]}", "at most 100"),
        (f"study: {'猫' * 90}\n{GOOD[9:]}", "expected a shorter name"),
        (f"study: ../up\n{GOOD[9:]}", "expected letters, digits"),
        (f"study: trials\n{GOOD[9:]}", "is a folder that all studies share"),
    ],
)
def test_endless_files_are_refused_at_once(path: Path, text: str, message: str) -> None:
    """Aliases that multiply, endless files and designs, and names that no folder can have."""
    check(path, text.encode())
    with pytest.raises((UserError, ExceptionGroup)) as caught:
        read_study(path)
    assert message in str([*flatten(caught.value)])

"""The words in which claims and verdicts are told."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

import cnn_ablate
from cnn_ablate.claims import subject
from cnn_ablate.claims.descriptions import published
from cnn_ablate.metrics import metric_of
from cnn_ablate.schema import Claim, Metric, Study, Verdict, Word
from support.claims import moved

PACKAGE = Path(cnn_ablate.__file__).parent


def describe(words: Callable[[Claim, Metric], str], claim: Claim) -> str:
    """Return a description of a claim in a study that describes no metric of its own."""
    return words(claim, metric_of(Study(name="s", written={}, baseline={}), claim))


def test_the_words_of_verdicts_stand_in_one_place():
    """All that judges, counts or shows verdicts takes their words, and their order, from there."""
    words = [f'"{word}"' for word in get_args(Word)]
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    listing = [path for path, text in texts.items() if all(word in text for word in words)]

    assert [PACKAGE / "schema" / "result.py"] == listing
    assert Word == Verdict.model_fields["verdict"].annotation


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"variant": "wider"}, "accuracy, wider"),
        ({}, "accuracy, baseline"),
        ({"variant": "wider", "reference": "baseline"}, "accuracy, wider against baseline"),
        ({"variant": "wider", "metric": "test_loss"}, "test loss, wider"),
        ({"variant": "wider", "of_class": "cat", "rank": "best"}, "accuracy of cat, wider"),
        ({"variant": "wider", "of_class": "cat", "taken_for": "dog"}, "mistakes on cat, wider"),
        (
            {"variant": "b", "reference": "a", "of_class": "cat", "metric": "class_recall"},
            "recall of cat, b against a",
        ),
        (
            {"variant": "b", "reference": "a", "of_class": "cat", "metric": "class_f1"},
            "F1 of cat, b against a",
        ),
    ],
)
def test_what_a_claim_is_checked_on(fields, said):
    """The metric, of which class if it is of one, and which variant against which."""
    assert said == describe(subject, Claim(id="a", **fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "accuracy, model.attention: cbam against none"),
        ({"of_class": "cat"}, "accuracy of cat, model.attention: cbam against none"),
    ],
)
def test_what_a_claim_on_a_factor_is_checked_on(fields, said):
    """Both levels are named, whether or not the claim is of one class."""
    assert said == describe(subject, moved(effect="higher", **fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "no effect"),
        ({"at": {"training.batch_size": 4}}, "no effect at training.batch_size = 4"),
        (
            {"at": {"training.batch_size": 4}, "than_at": {"training.batch_size": 128}},
            "no other effect at training.batch_size = 4 than at training.batch_size = 128",
        ),
    ],
)
def test_where_there_is_no_effect(fields, said):
    """Levels of other factors are named where nothing happens, as where something does."""
    assert said == describe(published, moved(effect="none", **fields))

"""A verdict as the data give it, before it is asked whether this study is comparable at all."""

from dataclasses import dataclass

from cnn_ablate.schema import Verdict, Word
from cnn_ablate.text import capital

NO_SEED = "no seed is done yet"
ONE_SEED = "one seed cannot show the noise of seeds"


class NoAnswerError(Exception):
    """The results hold nothing that answers a claim; the message says what is missing."""


@dataclass(frozen=True)
class DraftVerdict:
    """A verdict with its numbers in words; `reason` is one sentence without its full stop."""

    verdict: Word
    reason: str
    measured: str = ""
    interval: str = ""


def is_run(verdict: Verdict) -> bool:
    """Return whether any seed is done that a claim is about."""
    return verdict.reason != f"{capital(NO_SEED)}."

"""What a judge says of a claim, before it is asked whether this study may judge it at all."""

from dataclasses import dataclass

from cnn_ablate.schema import Claim, Word

NO_SEED = "no seed is done yet"
ONE_SEED = "one seed cannot show the noise of seeds"


class NoAnswerError(Exception):
    """The study holds nothing that answers a claim; the message says what is missing."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and its numbers in words; `reason` is one sentence without its full stop."""

    verdict: Word
    reason: str
    measured: str = ""
    interval: str = ""


def says_nothing(claim: Claim) -> bool:
    """Tell whether a claim has neither a number nor a direction, nor anything to say of a class."""
    directed = claim.compares and claim.effect
    return claim.value is None and not (directed or claim.rank or claim.taken_for)

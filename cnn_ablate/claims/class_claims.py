"""Verdicts on claims about one class: that it is best or weakest, or what it is mistaken for."""

from dataclasses import dataclass
from math import inf, sqrt

import pandas as pd

from cnn_ablate.claims.draft_verdict import NO_SEED, ONE_SEED, DraftVerdict, NoAnswerError
from cnn_ablate.claims.metrics import class_column, class_rows, named_class
from cnn_ablate.schema import TEST_ACCURACY, Claim, Word
from cnn_ablate.stats import (
    FloatArray,
    amount,
    bounds,
    is_testable,
    level,
    t_interval,
    t_quantile,
)
from cnn_ablate.store import Results
from cnn_ablate.text import count


@dataclass(frozen=True)
class Ranking:
    """Shares of some rivals in per cent: one row per trial, one column per rival.

    `images` is the number of test images behind each share. With `exclusive` they are the same
    images, each of which counts for at most one rival (a multinomial). The leader is the highest
    (`sign` 1) or the lowest (-1).
    """

    shares: pd.DataFrame
    images: pd.Series
    exclusive: bool
    sign: int = 1

    def lead(self, name: str, rival: str) -> FloatArray:
        """Return by how many points one is ahead of another (trials,)."""
        return self.sign * (self.shares[name] - self.shares[rival]).to_numpy(float)

    def is_ahead(self, name: str, rival: str, confidence: float = 0.95) -> bool:
        """Return whether one is ahead of another beyond the noise of seeds and of test images."""
        lead = self.lead(name, rival)
        # Leads that are all equal leave their spread unknown.
        if not is_testable(lead):
            return False
        image_noise = self.image_noise(name, rival, confidence)
        return t_interval(lead, confidence)[0] > 0 and float(lead.mean()) > image_noise

    def image_noise(self, name: str, rival: str, confidence: float = 0.95) -> float:
        """Return the largest lead that the noise of the test images explains, in points."""
        return t_quantile(inf, confidence) * self._standard_error(name, rival)

    def _standard_error(self, name: str, rival: str) -> float:
        """Return the standard error that the test images leave in a lead, in points."""
        p, q = (float(self.shares[one].mean()) / 100 for one in (name, rival))
        n, m = (float(self.images[one]) for one in (name, rival))
        if self.exclusive:
            # The variance of a difference of two multinomial shares, which exclude each other.
            return 100 * sqrt(max(p + q - (p - q) ** 2, 0) / n)
        return 100 * sqrt(max(p * (1 - p), 0) / n + max(q * (1 - q), 0) / m)


def judge_rank(results: Results, claim: Claim, trials: list[str]) -> DraftVerdict:
    """Ask whether a class is the best or the weakest, in its accuracy unless another is named.

    Raises:
        NoAnswerError: the claim names no class, or a metric that classes do not have; there are
            too few seeds, or there is no such class.
    """
    name, column = named_class(claim), class_column(claim)
    rows = class_rows(results, None)
    # A class without test images has no accuracy, and cannot be a rival.
    rows = rows[rows["trial"].isin(trials) & (rows["n"] > 0)]
    shares = 100 * rows.pivot_table(index="trial", columns="class", values=column)
    images = rows.groupby("class")["n"].min()
    sign = -1 if claim.rank == "weakest" else 1
    return _judge(Ranking(shares, images, exclusive=False, sign=sign), name)


def without_images(results: Results, claim: Claim) -> str:
    """Return that the test images hold none of the class that a claim is about; empty if not so."""
    rows = class_rows(results, claim.of_class)
    absent = claim.of_class is not None and len(rows) and not rows["n"].any()
    return f"no test image is of class '{claim.of_class}'" if absent else ""


def judge_taken_for(results: Results, claim: Claim, trials: list[str]) -> DraftVerdict:
    """Ask whether a class is most often misclassified as the claimed one.

    Raises:
        NoAnswerError: the claim names no class; there are too few seeds, or there is no such class.
    """
    name = named_class(claim)
    rows = results.confusion.reindex(columns=["trial", "true", "predicted", "count"])
    rows = rows[rows["trial"].isin(trials) & (rows["true"] == name)]
    counts = rows.pivot_table(index="trial", columns="predicted", values="count", fill_value=0)
    counts = counts[counts.sum(axis=1) > 0]
    # Correct predictions are no mistakes, but count in the whole that shares are taken of.
    wrong = counts.drop(columns=name, errors="ignore")
    shares = 100 * wrong.div(counts.sum(axis=1), axis=0)
    images = pd.Series(counts.sum(axis=1).min(), index=wrong.columns)
    return _judge(Ranking(shares, images, exclusive=True), claim.taken_for or "")


def _judge(ranking: Ranking, claimed: str) -> DraftVerdict:
    """Compare the claimed leader with each rival.

    It leads if it is ahead of all of them, each at 95 %: an intersection-union test, which needs no
    adjustment (Berger, Technometrics 24, 1982). It does not lead if any is ahead of it, at 95 %
    after Bonferroni.
    """
    if len(ranking.shares) < 2:
        raise NoAnswerError(ONE_SEED if len(ranking.shares) else NO_SEED)
    rivals = [str(name) for name in ranking.shares if name != claimed]
    if claimed not in ranking.shares or not rivals:
        raise NoAnswerError(f"there is no class '{claimed}' among others")
    word: Word = "inconclusive"
    if all(ranking.is_ahead(claimed, rival) for rival in rivals):
        word = "reproduced"
    elif any(ranking.is_ahead(rival, claimed, 1 - 0.05 / len(rivals)) for rival in rivals):
        word = "not reproduced"
    nearest = min(rivals, key=lambda rival: float(ranking.lead(claimed, rival).mean()))
    shares = (
        f"{name} {level(ranking.shares[name].mean(), TEST_ACCURACY)}" for name in (claimed, nearest)
    )
    return DraftVerdict(word, _gap(ranking, claimed, nearest, len(rivals)), ", ".join(shares))


def _gap(ranking: Ranking, claimed: str, nearest: str, rivals: int) -> str:
    """Return how far the claimed one is from its nearest rival, and if test images explain it."""
    gap = ranking.sign * ranking.lead(claimed, nearest)
    points, above = abs(float(gap.mean())), gap.mean() > 0
    # The interval is that of the decision: Bonferroni only where a rival is ahead.
    confidence = 0.95 if ranking.sign * gap.mean() > 0 else 1 - 0.05 / rivals
    interval = t_interval(gap if above else -gap, confidence)
    level_of = "" if confidence == 0.95 else f" at {100 * confidence:.4g} %, for {rivals} rivals,"
    said = (
        f"it is {amount(points, TEST_ACCURACY)} {bounds(interval, TEST_ACCURACY)}{level_of} "
        f"{'above' if above else 'below'} {nearest}, its nearest rival, "
        f"over {count(len(gap), 'seed')}"
    )
    image_noise = ranking.image_noise(claimed, nearest, confidence)
    if interval[0] <= 0 or points > image_noise:
        return said
    images = count(int(ranking.images[[claimed, nearest]].min()), "test image")
    return f"{said}; {amount(image_noise, TEST_ACCURACY)} can be the noise of {images}"

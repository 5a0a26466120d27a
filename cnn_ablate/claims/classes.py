"""Judges of what is said of one class: that it is best or weakest, or what it is taken for."""

from dataclasses import dataclass
from math import inf, sqrt

import pandas as pd

from cnn_ablate.claims.judgement import NO_SEED, ONE_SEED, Judgement, NoAnswerError
from cnn_ablate.claims.metrics import Results, class_column, named_class, of_class
from cnn_ablate.claims.wording import level
from cnn_ablate.schema import Claim, Word
from cnn_ablate.stats import FloatArray, amount, between, count, quantile, t_interval


@dataclass(frozen=True)
class Ranking:
    """Some rivals and their shares in per cent: one row a trial, one column a rival.

    `images` counts the test images behind each share; `exclusive` says that they are the same ones,
    of which each counts for one rival at most. The claimed one leads if it is highest (`sign` 1) or
    lowest (-1).
    """

    shares: pd.DataFrame
    images: pd.Series
    exclusive: bool
    sign: int = 1

    def lead(self, one: str, other: str) -> FloatArray:
        """Give how far one is ahead of another, trial by trial, in points."""
        return self.sign * (self.shares[one] - self.shares[other]).to_numpy(float)

    def ahead(self, one: str, other: str, confidence: float = 0.95) -> bool:
        """Ask whether one is ahead of another beyond the noise of seeds, and of test images."""
        lead = self.lead(one, other)
        open_ = self.left_open(one, other, confidence)
        return t_interval(lead, confidence)[0] > 0 and float(lead.mean()) > open_

    def left_open(self, one: str, other: str, confidence: float = 0.95) -> float:
        """Give the largest lead that the noise of the test images explains, in points."""
        return quantile(inf, confidence) * self._noise(one, other)

    def _noise(self, one: str, other: str) -> float:
        """Give the standard error of a lead by the test images, in points."""
        p, q = (float(self.shares[name].mean()) / 100 for name in (one, other))
        n, m = (float(self.images[name]) for name in (one, other))
        if self.exclusive:
            return 100 * sqrt(max(p + q - (p - q) ** 2, 0) / n)
        return 100 * sqrt(max(p * (1 - p), 0) / n + max(q * (1 - q), 0) / m)


def judge_rank(results: Results, claim: Claim, trials: list[str]) -> Judgement:
    """Ask whether a class is the best or the weakest of all, in its accuracy unless said else.

    Raises:
        NoAnswerError: the claim names no class, or a metric that is not known of classes; there are
            too few seeds, or no such class.
    """
    name, column = named_class(claim), class_column(claim)
    rows = of_class(results, None)
    rows = rows[rows["trial"].isin(trials) & (rows["n"] > 0)]
    shares = 100 * rows.pivot_table(index="trial", columns="class", values=column)
    images = rows.groupby("class")["n"].min()
    sign = -1 if claim.rank == "weakest" else 1
    return _judge(Ranking(shares, images, exclusive=False, sign=sign), name)


def judge_taken_for(results: Results, claim: Claim, trials: list[str]) -> Judgement:
    """Ask whether a class is what another is mistaken for most often.

    Raises:
        NoAnswerError: the claim names no class; there are too few seeds, or no such class.
    """
    name = named_class(claim)
    rows = results.confusion.reindex(columns=["trial", "true", "predicted", "count"])
    rows = rows[rows["trial"].isin(trials) & (rows["true"] == name)]
    counts = rows.pivot_table(index="trial", columns="predicted", values="count", fill_value=0)
    counts = counts[counts.sum(axis=1) > 0]
    wrong = counts.drop(columns=name, errors="ignore")
    shares = 100 * wrong.div(counts.sum(axis=1), axis=0)
    images = pd.Series(counts.sum(axis=1).min(), index=wrong.columns)
    return _judge(Ranking(shares, images, exclusive=True), claim.taken_for or "")


def _judge(race: Ranking, claimed: str) -> Judgement:
    """Compare the claimed leader with each rival.

    It leads if it is ahead of all of them, each at 95 %, which needs no adjustment (Berger,
    Technometrics 24, 1982); it does not if one is ahead of it, at 95 % after Bonferroni.
    """
    if len(race.shares) < 2:
        raise NoAnswerError(ONE_SEED if len(race.shares) else NO_SEED)
    rivals = [str(name) for name in race.shares if name != claimed]
    if claimed not in race.shares or not rivals:
        raise NoAnswerError(f"there is no class '{claimed}' among others")
    word: Word = "undetermined"
    if all(race.ahead(claimed, rival) for rival in rivals):
        word = "reproduced"
    elif any(race.ahead(rival, claimed, 1 - 0.05 / len(rivals)) for rival in rivals):
        word = "not reproduced"
    nearest = min(rivals, key=lambda rival: float(race.lead(claimed, rival).mean()))
    shares = (
        f"{name} {level(race.shares[name].mean(), 'accuracy')}" for name in (claimed, nearest)
    )
    return Judgement(word, _gap(race, claimed, nearest, len(rivals)), ", ".join(shares))


def _gap(race: Ranking, claimed: str, nearest: str, rivals: int) -> str:
    """Say how far the claimed one is from its nearest rival, and if test images explain that."""
    gap = race.sign * race.lead(claimed, nearest)
    points, above = abs(float(gap.mean())), gap.mean() > 0
    # A rival is ahead where that survives the number of rivals, as it is judged.
    confidence = 0.95 if race.sign * gap.mean() > 0 else 1 - 0.05 / rivals
    interval = t_interval(gap if above else -gap, confidence)
    level_of = "" if confidence == 0.95 else f" at {100 * confidence:.4g} %, for {rivals} rivals,"
    said = (
        f"it is {amount(points, 'accuracy')} {between(interval, 'accuracy')}{level_of} "
        f"{'above' if above else 'below'} {nearest}, its nearest rival, "
        f"over {count(len(gap), 'seed')}"
    )
    left_open = race.left_open(claimed, nearest, confidence)
    if interval[0] <= 0 or points > left_open:
        return said
    images = count(int(race.images[[claimed, nearest]].min()), "test image")
    return f"{said}; {amount(left_open, 'accuracy')} can be the noise of {images}"

"""Two studies contrast by contrast, against SciPy's Welch interval."""

import math

import numpy as np
import pytest
from scipy import stats

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import Effect
from cnn_ablate.stats import compare_studies


def effect(differences: list[float], variant: str = "a", metric: str = "test_accuracy") -> Effect:
    """Make an effect out of the differences that its seeds make."""
    sd = float(np.std(differences, ddof=1)) if len(differences) > 1 else None
    mean = float(np.mean(differences))
    seeds = len(differences)
    return Effect(
        variant=variant,
        reference="baseline",
        metric=KNOWN_METRICS[metric].metric,
        seeds=seeds,
        difference=mean,
        sd=sd,
    )


def test_gap_has_welchs_interval() -> None:
    """The interval of the gap is that of SciPy's unequal-variance t test."""
    first, second = [1.0, 2.0, 4.0], [3.0, 3.5, 5.0, 7.0]
    [pair] = compare_studies([effect(first)], [effect(second)])
    expected = stats.ttest_ind(second, first, equal_var=False).confidence_interval()
    assert pair.gap == pytest.approx(np.mean(second) - np.mean(first))
    assert pair.interval == pytest.approx(tuple(expected))
    assert "cannot tell" == pair.verdict


def test_clear_gaps_differ() -> None:
    """Effects far apart with little noise do not agree."""
    [pair] = compare_studies([effect([1.0, 1.1, 0.9])], [effect([9.0, 9.1, 8.9])])
    assert "differ" == pair.verdict


@pytest.mark.parametrize(
    ("shift", "metric", "expected"),
    [
        (0.5, "test_accuracy", "agree"),
        (0.95, "test_accuracy", "differ"),
        (0.0, "seconds", "cannot tell"),
        (0.5, "seconds", "differ"),
    ],
)
def test_studies_agree_only_within_the_margin(shift: float, metric: str, expected: str) -> None:
    """Equivalence is a test: SciPy's two one-sided Welch tests are both under 5 % just then."""
    first = [1.0, 1.1, 0.9, 1.05, 0.95]
    second = [value + shift for value in first]
    [pair] = compare_studies([effect(first, metric=metric)], [effect(second, metric=metric)])
    low = stats.ttest_ind(np.array(second) + 1, first, equal_var=False, alternative="greater")
    high = stats.ttest_ind(np.array(second) - 1, first, equal_var=False, alternative="less")
    is_equivalent = max(low.pvalue, high.pvalue) < 0.05 and metric == "test_accuracy"
    assert is_equivalent == ("agree" == expected)
    assert expected == pair.verdict


def test_equal_seeds_are_no_certainty() -> None:
    """Without any spread there is no interval, and so no verdict."""
    [pair] = compare_studies([effect([1.0] * 3)], [effect([1.0] * 3)])
    assert math.isnan(pair.interval[0])
    assert "no spread" == pair.verdict


def test_contrasts_that_mean_nothing_in_one_study_have_no_verdict() -> None:
    """However well their numbers agree."""
    effects = [effect([1.0, 1.1, 0.9]), effect([1.0, 1.1, 0.9], variant="b")]
    pairs = compare_studies(effects, effects, {("b", "baseline")})
    assert ["agree", "means nothing"] == [pair.verdict for pair in pairs]


def test_failed_trials_are_not_compared_by_the_others() -> None:
    """A contrast of which trials failed in either study has no verdict."""
    failed = effect([9.0, 9.1, 8.9]).model_copy(update={"failed": 2})
    [pair] = compare_studies([effect([1.0, 1.1, 0.9])], [failed])
    assert "trials failed" == pair.verdict


def test_contrasts_of_one_study_alone() -> None:
    """A contrast that only one study has is shown and not judged."""
    said = [
        pair.verdict for pair in compare_studies([effect([1.0, 2.0])], [effect([1.0, 2.0], "b")])
    ]
    assert ["first only", "second only"] == said


@pytest.mark.parametrize("differences", [[1.0], [1.0, 1.2]])
def test_fewer_than_three_seeds_are_too_few(differences: list[float]) -> None:
    """One seed has no interval, and two have none that means anything."""
    [pair] = compare_studies([effect(differences)], [effect([1.0, 2.0, 3.0])])
    assert math.isnan(pair.interval[0])
    assert "too few seeds" == pair.verdict

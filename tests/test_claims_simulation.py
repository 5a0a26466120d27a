"""Verdicts on studies with known truth, thousands of them: how often the words are wrong."""

import re

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.published_effects import judge_direction
from cnn_ablate.claims.published_values import judge_level
from cnn_ablate.schema import Claim
from cnn_ablate.stats import decide
from support.claims import moved

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seeds", [3, 5, 8, 20])
@pytest.mark.parametrize("sd", [0.25, 0.6])
@pytest.mark.parametrize("effect", [0.3, 0.5])
def test_small_true_effects_are_not_called_contradicted(effect, sd, seeds):
    """Smaller than a point is no contradiction of a claim that it helps."""
    rng = np.random.default_rng(seeds)
    claim = moved(effect="higher")
    words = []
    for values in rng.normal(effect, sd, size=(1000, seeds)):
        evidence = Evidence("test_accuracy", pd.Series(values))
        words.append(judge_direction(claim, evidence, decide([values])[0]).verdict)

    assert words.count("not reproduced") <= 0.025 * len(words)


def test_exact_replications_are_inside_the_printed_interval():
    """A number published of one more run of the same network is there 95 times of 100."""
    rng = np.random.default_rng(0)
    inside = []
    for study in range(2000):
        seeds = (3, 5, 8, 20)[study % 4]
        sd = rng.uniform(0.2, 1.0)
        *values, published = rng.normal(86.0, sd, seeds + 1)
        claim = Claim(id="a", variant="baseline", value=round(published / 100, 4), decimals=4)
        evidence = Evidence("test_accuracy", pd.Series(values), sides=(np.array(values),))
        found = judge_level(claim, evidence)
        low, high = map(float, re.findall(r"[\d.]+", found.interval))
        inside.append(low <= round(published, 2) <= high)

        assert inside[-1] or "reproduced" != found.verdict
    assert 94 <= 100 * np.mean(inside) <= 97

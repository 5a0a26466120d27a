"""Studies with known truth, thousands of them: what 95 % intervals and 5 % tests really keep."""

import numpy as np
import pytest

from cnn_ablate.stats import (
    attribution,
    estimate_effects,
    factorial,
    image_interval,
    pooled_mcnemar_p,
    t_interval,
    wilson,
)
from cnn_ablate.stats.paired_differences import sample_sd, t_quantile
from support import fake_results

pytestmark = pytest.mark.slow

FACTORS = [
    fake_results.factor("model.bn", True, False),
    fake_results.factor("model.attention", "a", "none"),
]
CELLS = [
    fake_results.variant(f"{bn} {attention}", model_bn=bn, model_attention=attention)
    for bn in (True, False)
    for attention in ("a", "none")
]


def coverage(intervals, truth):
    """Return the percentage of intervals that contain the truth."""
    held = [low <= truth <= high for low, high in intervals]
    return 100 * np.mean(held)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_t_intervals_cover(seeds):
    """The t interval over few seeds holds the true difference in 93 to 97 of 100 studies."""
    x = np.random.default_rng(seeds).normal(1.3, 0.6, size=(8000, seeds))

    assert 93 <= coverage(map(t_interval, x), 1.3) <= 97


@pytest.mark.parametrize("accuracy", [0.61, 0.86, 0.956])
def test_wilson_intervals_cover(accuracy):
    """Wilson's interval holds the true accuracy on a thousand images."""
    correct = np.random.default_rng(2).binomial(1000, accuracy, size=8000)

    assert 93 <= coverage((wilson(k, 1000) for k in correct), accuracy) <= 97


def test_image_intervals_cover():
    """The bootstrap over images holds the true difference of two trained networks, seeds fixed."""
    rng = np.random.default_rng(3)
    wins = rng.choice([-3, -1, 0, 1, 2], p=[0.02, 0.05, 0.8, 0.1, 0.03], size=(800, 1000))

    assert 93 <= coverage(map(image_interval, wins), 0.05) <= 97


def test_pooled_mcnemar_keeps_its_level_where_seeds_agree():
    """Under the null it rejects at most 5 in 100, though seeds share their hard images."""
    rng = np.random.default_rng(4)
    hard = rng.choice([-1, 0, 1], p=[0.05, 0.9, 0.05], size=(3000, 600))
    net = 2 * hard + rng.choice([-1, 0, 1], p=[0.02, 0.96, 0.02], size=hard.shape)
    rejected = np.mean([pooled_mcnemar_p(row) <= 0.05 for row in net])

    assert 0.03 <= rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 3000)


def test_a_further_run_lies_within_the_prediction_interval():
    """The tolerance of published numbers holds one further run in 93 to 97 of 100 studies."""
    x = np.random.default_rng(5).normal(80, 0.4, size=(8000, 6))
    gaps = [
        abs(row[5] - row[:5].mean()) <= t_quantile(4) * sample_sd(row[:5]) * np.sqrt(1 + 1 / 5)
        for row in x
    ]

    assert 93 <= 100 * np.mean(gaps) <= 97


def test_factorial_and_shapley_intervals_cover():
    """Main effects, interactions and shares hold the truth, with three seeds a cell."""
    rng = np.random.default_rng(6)
    truth = {"True a": 80.0, "True none": 79.0, "False a": 76.0, "False none": 74.0}
    effects, shares = [], []
    for _ in range(900):
        seeds = rng.normal(0, 0.5, size=3)
        results = {
            name: [*(mean + seeds + rng.normal(0, 0.3, size=3)) / 100]
            for name, mean in truth.items()
        }
        trials = fake_results.trials(results)
        effects.append(factorial(trials, FACTORS, CELLS)[["low", "high"]].to_numpy())
        shares.append(attribution(trials, FACTORS, CELLS)[["low", "high"]].to_numpy())
    for i, true in enumerate((-4.5, -1.5, -1.0)):
        assert 93 <= coverage((found[i] for found in effects), true) <= 97
    for i, true in enumerate((4.5, 1.5)):
        assert 93 <= coverage((found[i] for found in shares), true) <= 97


def test_effects_of_null_studies():
    """From tables to sentences: whole null studies cover and keep their family error."""
    rng, studies = np.random.default_rng(8), 200
    names = [f"v{i}" for i in range(4)]
    contrasts = [fake_results.contrast(name, "a") for name in names]
    variants = [fake_results.variant(name) for name in ["a", *names]]
    record = fake_results.record(variants, contrasts, seeds=tuple(range(9)))
    found = [
        estimate_effects(
            fake_results.trials({n: [*rng.normal(0.8, 0.004, 9)] for n in ["a", *names]}), record
        )
        for _ in range(studies)
    ]
    intervals = [(effect.low, effect.high) for study in found for effect in study]
    errors = np.mean([any(effect.decided for effect in study) for study in found])
    said = np.mean([any(" not decided" not in e.sentence for e in study) for study in found])

    assert 93 <= coverage(intervals, 0) <= 97
    assert errors == said <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)

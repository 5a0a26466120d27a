"""Verdicts on claims about the classes of a small invented study."""

import pandas as pd

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

NAMES = ("Shirt", "T-shirt", "Coat", "Bag")
VARIANTS = [fake_results.variant("baseline", model_a=1), fake_results.variant("other", model_a=2)]


def judge(claim, accuracies, wrong=(), n=1000, trials=None):
    """Judge a claim by accuracies of the four classes, and by what Shirt was taken for."""
    values = {"baseline": [0.8] * len(accuracies), "other": [0.8]}
    classes = [
        {"trial": f"baseline-{seed}", "class": name, "n": n, "accuracy": accuracy}
        for seed, row in enumerate(accuracies)
        for name, accuracy in zip(NAMES, row, strict=True)
    ]
    confusion = [
        {"trial": f"baseline-{seed}", "true": "Shirt", "predicted": name, "count": count}
        for seed, row in enumerate(wrong)
        for name, count in zip(NAMES, row, strict=True)
    ]
    results = fake_results.FakeResults(
        fake_results.record(VARIANTS, claims=[claim]),
        fake_results.trials(values),
        classes=pd.DataFrame(classes),
        confusion=pd.DataFrame(confusion),
    )
    return judge_claims(results)[0]


def of(name, **fields):
    """Claim something of a class of the baseline."""
    return Claim(id="class", variant="baseline", of_class=name, **fields)


CLEAR = [(0.61, 0.80, 0.78, 0.95), (0.62, 0.81, 0.77, 0.96), (0.60, 0.80, 0.78, 0.955)]
STEADY = [(0.610, 0.80, 0.78, 0.95), (0.612, 0.81, 0.77, 0.96), (0.608, 0.80, 0.78, 0.95)]
TAKEN = [(610, 250, 120, 20), (620, 240, 110, 30), (600, 260, 125, 15)]

"""Verdicts on numbers published of a small invented study."""

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

BASELINE = fake_results.variant("baseline", model_residual=True)
OFF = fake_results.variant("off", model_residual=False)


def judge(claim, values, *, n=10_000, **study):
    """Judge one claim by accuracies of the baseline and of a variant without shortcuts."""
    trials = fake_results.trials(values)
    record = fake_results.record([BASELINE, OFF], claims=[claim], **study)
    classes = fake_results.single_class(trials, n)
    return judge_claims(fake_results.FakeResults(record, trials, classes=classes))[0]


def accuracy(value, **fields):
    """Claim an accuracy of the baseline."""
    return Claim(id="accuracy", variant="baseline", value=value, **fields)

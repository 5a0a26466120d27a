"""A small invented study of attention and batch size, and verdicts of claims on it."""

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

ATTENTION = ("cbam", "none", "se")
VARIANTS = [
    fake_results.variant(name, model_attention=attention, training_batch_size=batch)
    for name, attention, batch in (
        ("baseline", "cbam", 128),
        ("none", "none", 128),
        ("se", "se", 128),
        ("small", "cbam", 4),
        ("small none", "none", 4),
    )
]
CONTRASTS = [
    fake_results.contrast(name, "baseline", model_attention=("cbam", name))
    for name in ("none", "se")
]


def results(values, *claims, **tables):
    """Return results of the variants above."""
    return fake_results.FakeResults(
        fake_results.record(VARIANTS, CONTRASTS, claims, **tables.pop("study", {})),
        tables.pop("trials", fake_results.trials(values)),
        **tables,
    )


def judge(claim, values, **tables):
    """Return the verdict of one claim."""
    return judge_claims(results(values, claim, **tables))[0]


def moved(**fields):
    """Return a claim on the effect of CBAM against no attention."""
    levels = {"factor": "model.attention", "from_level": "none", "to_level": "cbam"}
    return Claim(id="cbam", **{**levels, **fields})


HELPS = {"none": [0.500, 0.520, 0.510], "baseline": [0.540, 0.565, 0.548]}
STEADY = {"none": [0.500, 0.503, 0.501], "baseline": [0.541, 0.5435, 0.5415]}
HURTS = {"none": HELPS["baseline"], "baseline": HELPS["none"]}
NOISE = {"none": [0.50, 0.56, 0.53], "baseline": [0.53, 0.51, 0.55]}
SAME = {"none": [0.501, 0.522, 0.512], "baseline": [0.502, 0.521, 0.512]}

"""Published effects: directions, sizes, no effect, interactions, and what is the best class."""

import invented
import pandas as pd
import pytest

from cnn_ablate.claims import verdicts
from cnn_ablate.schema import Claim

ATTENTION = ("cbam", "none", "se")
VARIANTS = [
    invented.variant(name, model_attention=attention, training_batch_size=batch)
    for name, attention, batch in (
        ("baseline", "cbam", 128),
        ("none", "none", 128),
        ("se", "se", 128),
        ("small", "cbam", 4),
        ("small none", "none", 4),
    )
]
CONTRASTS = [
    invented.contrast(name, "baseline", model_attention=("cbam", name)) for name in ("none", "se")
]


def results(values, *claims, **tables):
    """Make results of the variants above."""
    return invented.Invented(
        invented.record(VARIANTS, CONTRASTS, claims, **tables.pop("study", {})),
        tables.pop("trials", None) if "trials" in tables else invented.trials(values),
        **tables,
    )


def judge(claim, values, **tables):
    """Judge one claim."""
    return verdicts(results(values, claim, **tables))[0]


def moved(**fields):
    """Claim what going from no attention to CBAM does."""
    levels = {"factor": "model.attention", "from_level": "none", "to_level": "cbam"}
    return Claim(id="cbam", **{**levels, **fields})


HELPS = {"none": [0.500, 0.520, 0.510], "baseline": [0.540, 0.565, 0.548]}
HURTS = {"none": HELPS["baseline"], "baseline": HELPS["none"]}
NOISE = {"none": [0.50, 0.56, 0.53], "baseline": [0.53, 0.51, 0.55]}
SAME = {"none": [0.501, 0.522, 0.512], "baseline": [0.502, 0.521, 0.512]}


@pytest.mark.parametrize(
    ("effect", "values", "expected"),
    [
        ("higher", HELPS, "reproduced"),
        ("lower", HELPS, "not reproduced"),
        ("higher", HURTS, "not reproduced"),
        ("lower", HURTS, "reproduced"),
        ("higher", NOISE, "undetermined"),
        ("higher", SAME, "not reproduced"),
        ("none", SAME, "reproduced"),
        ("none", HELPS, "not reproduced"),
        ("none", NOISE, "undetermined"),
    ],
)
def test_directions(effect, values, expected):
    """A direction holds if its interval lies on that side, and none only by equivalence."""
    assert expected == judge(moved(effect=effect), values).verdict


def test_reasons_have_the_numbers():
    """A verdict says what was claimed, what was measured, its interval and the reason."""
    found = judge(moved(effect="higher"), HELPS)

    assert ("higher", "+4.1 points") == (found.published, found.measured)
    assert "[3.2, 5.0]" == found.interval
    assert "The interval [3.2, 5.0] of 3 seeds lies above zero, as claimed." == found.reason


@pytest.mark.parametrize(
    ("effect", "values", "reason"),
    [
        (
            "none",
            SAME,
            "Two one-sided t tests rule out effects beyond 1.0 point (p = 0.0017, 3 seeds).",
        ),
        (
            "none",
            NOISE,
            (
                "The interval [-10.8, 10.8] of 3 seeds includes zero: effects beyond 1.0 point "
                "cannot be ruled out."
            ),
        ),
        (
            "higher",
            NOISE,
            (
                "The interval [-10.8, 10.8] of 3 seeds includes zero: neither direction can be "
                "ruled out."
            ),
        ),
        (
            "lower",
            HELPS,
            "The interval [3.2, 5.0] of 3 seeds lies above zero: the opposite holds.",
        ),
    ],
)
def test_reasons(effect, values, reason):
    """Each reason is one sentence."""
    assert reason == judge(moved(effect=effect), values).reason


def test_an_effect_beyond_the_margin_is_explained():
    """What is not none has its interval and the margin in the reason."""
    reason = judge(moved(effect="none"), HELPS).reason

    assert reason.startswith("The interval [3.2, 5.0] of 3 seeds lies above zero, beyond what")
    assert reason.endswith("beyond what counts as none (1.0 point).")


def test_the_margin_is_the_claims():
    """A wider margin lets a larger effect count as none."""
    assert "reproduced" == judge(moved(effect="none", margin=6.0), HELPS).verdict


def test_no_effect_on_seconds_needs_a_margin():
    """A point means nothing in seconds, so without a stated margin equivalence stays open."""
    trials = invented.trials({"none": [10.0, 11.0], "baseline": [10.0, 11.0]}, metric="seconds")
    open_, closed = (
        judge(moved(effect="none", metric="seconds", margin=margin), {}, trials=trials)
        for margin in (None, 0.5)
    )

    assert ("undetermined", "reproduced") == (open_.verdict, closed.verdict)
    assert "no margin is stated" in open_.reason.lower()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 4.1, "effect": "higher"}, "reproduced"),
        ({"value": 4.1}, "reproduced"),
        ({"value": 12.0, "effect": "higher"}, "direction only"),
        ({"value": 4.1, "effect": "lower"}, "not reproduced"),
        ({"value": -4.1}, "not reproduced"),
    ],
)
def test_sizes_may_fail_where_directions_hold(fields, expected):
    """A published gain in points can have the right direction and the wrong size."""
    assert expected == judge(moved(**fields), HELPS).verdict


def test_a_wrong_size_is_explained():
    """The reason has both distances."""
    found = judge(moved(value=12.0), HELPS)

    assert "+12.0 points" == found.published
    assert "as claimed, and 7.9 points from the published size, beyond the" in found.reason


def test_few_test_images_leave_a_direction_open():
    """Seeds that agree are not enough where the test set could turn the effect round."""
    values = {"none": [0.5] * 3, "baseline": [0.6, 0.6, 0.59]}
    right = {"none": range(5), "baseline": range(2, 8)}
    seen = {
        f"{name}-{seed}": invented.right_on(images, of=10)
        for name, images in right.items()
        for seed in range(3)
    }
    found = judge(moved(effect="higher"), values, seen=seen)

    assert "undetermined" == found.verdict
    assert "but that over test images [" in found.reason


def test_levels_that_were_not_contrasted_are_compared():
    """From none to SE neither is the reference of the other, and yet both were run."""
    claim = moved(to_level="se", effect="higher")
    found = judge(claim, {**HELPS, "se": [0.54, 0.56, 0.55]})

    assert ("reproduced", "+4.0 points") == (found.verdict, found.measured)


def test_an_effect_at_other_levels():
    """The same factor is judged at the levels that the claim names."""
    values = {**HELPS, "small": [0.40, 0.41, 0.42], "small none": [0.50, 0.51, 0.52]}
    claim = moved(effect="lower", at={"training.batch_size": 4})
    found = judge(claim, values)

    assert ("reproduced", "lower at training.batch_size = 4") == (found.verdict, found.published)
    assert "-10.0 points" == found.measured


def test_an_effect_that_needs_a_large_batch():
    """An interaction is a difference of effects: more at a batch of 128 than at one of 4."""
    at = {"at": {"training.batch_size": 128}, "than_at": {"training.batch_size": 4}}
    values = {**HELPS, "small": [0.401, 0.41, 0.42], "small none": [0.50, 0.51, 0.52]}
    higher, lower = (judge(moved(effect=effect, **at), values) for effect in ("higher", "lower"))

    assert ("reproduced", "not reproduced") == (higher.verdict, lower.verdict)
    assert "higher at training.batch_size = 128 than at training.batch_size = 4" == higher.published
    assert "+14.1 points" == higher.measured


def test_where_the_baseline_is_not_crossed_all_pairs_count():
    """A factor crossed away from the baseline is averaged over the pairs that there are."""
    variants = [invented.variant("baseline", model_a=9, model_b=9)]
    variants += [invented.variant(f"{a}{b}", model_a=a, model_b=b) for a in "01" for b in "01"]
    claim = Claim(id="a", factor="model.a", from_level="0", to_level="1", effect="higher")
    values = {"00": [0.5, 0.51], "10": [0.6, 0.61], "01": [0.5, 0.51], "11": [0.58, 0.592]}
    record = invented.record(variants, claims=[claim])
    found = verdicts(invented.Invented(record, invented.trials(values)))[0]

    assert "+9.1 points" == found.measured


def test_entries_of_a_list_are_no_levels():
    """An entry that moves other keys is not taken for a level of the factor."""
    entry = VARIANTS[1].model_copy(update={"name": "entry"})
    listed = invented.contrast("entry", "baseline", design="list", optimizer_lr=(0.1, 0.2))
    claim = moved(effect="higher")
    record = invented.record([VARIANTS[0], entry], [listed], [claim])
    found = verdicts(
        invented.Invented(record, invented.trials({"baseline": [0.5], "entry": [0.4]}))
    )

    assert "No variants differ in model.attention alone (cbam against none)." == found[0].reason


def test_equal_variants_are_one():
    """A claim on a variant that came out equal to another is judged by that one: no effect."""
    claim = Claim(id="x", variant="copy", reference="baseline", effect="higher")
    record = invented.record(VARIANTS, claims=[claim])
    plan = record.plan.model_copy(update={"same": {"copy": "baseline"}})
    same = invented.Invented(record.model_copy(update={"plan": plan}), invented.trials(HELPS))
    found = verdicts(same)[0]

    assert ("not reproduced", "0.00 points") == (found.verdict, found.measured)


def test_a_factor_without_levels_stays_open():
    """A claim that does not say from where to where has no two sides."""
    found = judge(moved(from_level=None, to_level=None, effect="higher"), HELPS)

    assert "undetermined" == found.verdict


def test_unknown_variants_stay_open():
    """A variant that the study no longer has is no error."""
    found = judge(Claim(id="x", variant="gone", value=0.5), HELPS)

    assert ("undetermined", "There is no variant 'gone'.") == (found.verdict, found.reason)


def test_directions_hold_on_other_data_and_at_a_reduced_budget():
    """Both sides share data and budget, so a direction is judged, and a reduced budget is said."""
    noted = judge(moved(effect="higher"), HELPS, study={"note": "JPEG copies."})
    cut = judge(moved(effect="higher"), HELPS, study={"forced": {"training.epochs": 1}})
    other = judge(moved(effect="higher"), HELPS, study={"forced": {"data.name": "mnist"}})

    assert ("reproduced", "reproduced") == (noted.verdict, cut.verdict)
    assert cut.reason.endswith("the command line set training.epochs = 1.")
    assert "not comparable" == other.verdict


def epochs(courses):
    """Make epochs.csv of the validation courses of trials."""
    return pd.DataFrame(
        [
            {
                "trial": trial,
                "epoch": epoch,
                "seconds": 1.0,
                "train_loss": 1.0,
                "val_accuracy": accuracy,
                "val_loss": loss,
            }
            for trial, course in courses.items()
            for epoch, (accuracy, loss) in enumerate(course, start=1)
        ]
    )


FAST = [(0.5, 1.0), (0.8, 0.9), (0.9, 0.8), (0.9, 0.7)]
SLOW = [(0.2, 1.0), (0.4, 2.0), (0.6, 1.0), (0.8, 2.0)]


@pytest.mark.parametrize(
    ("metric", "threshold", "effect", "measured"),
    [
        ("epochs_to_accuracy", 0.75, "lower", "-2"),
        ("seconds_to_accuracy", 0.75, "lower", "-2"),
        ("auc_accuracy", None, "higher", "+30.0 points"),
        ("instability", None, "lower", "-1"),
        ("best_accuracy", None, "higher", "+10.0 points"),
    ],
)
def test_courses_can_be_claimed(metric, threshold, effect, measured):
    """Faster and steadier are claims on metrics derived from the epochs."""
    courses = {f"baseline-{seed}": FAST for seed in range(2)}
    courses |= {f"none-{seed}": SLOW for seed in range(2)}
    claim = moved(metric=metric, threshold=threshold, effect=effect)
    found = judge(claim, {"none": [0.8] * 2, "baseline": [0.9] * 2}, epochs=epochs(courses))

    assert ("reproduced", measured) == (found.verdict, found.measured)

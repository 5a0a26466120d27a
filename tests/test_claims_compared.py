"""Which variants a claim weighs against each other, and where there are none."""

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results
from support.claims import HELPS, VARIANTS, judge, moved


def test_levels_that_were_not_contrasted_are_compared():
    """From none to SE neither is the reference of the other, and yet both were run."""
    claim = moved(to_level="se", effect="higher")
    found = judge(claim, {**HELPS, "se": [0.54, 0.561, 0.55]})

    assert ("reproduced", "+4.0 points") == (found.verdict, found.measured)


def test_an_effect_at_other_levels():
    """The same factor is judged at the levels that the claim names."""
    values = {**HELPS, "small": [0.40, 0.41, 0.42], "small none": [0.50, 0.511, 0.52]}
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
    variants = [fake_results.variant("baseline", model_a=9, model_b=9)]
    variants += [fake_results.variant(f"{a}{b}", model_a=a, model_b=b) for a in "01" for b in "01"]
    claim = Claim(id="a", factor="model.a", from_level="0", to_level="1", effect="higher")
    values = {"00": [0.5, 0.51], "10": [0.6, 0.61], "01": [0.5, 0.51], "11": [0.58, 0.592]}
    record = fake_results.record(variants, claims=[claim])
    found = judge_claims(fake_results.FakeResults(record, fake_results.trials(values)))[0]

    assert "+9.1 points" == found.measured


def test_entries_of_a_list_are_no_levels():
    """An entry that moves other keys is not taken for a level of the factor."""
    entry = VARIANTS[1].model_copy(update={"name": "entry"})
    listed = fake_results.contrast("entry", "baseline", design="list", optimizer_lr=(0.1, 0.2))
    claim = moved(effect="higher")
    record = fake_results.record([VARIANTS[0], entry], [listed], [claim])
    found = judge_claims(
        fake_results.FakeResults(record, fake_results.trials({"baseline": [0.5], "entry": [0.4]}))
    )

    assert "No variants differ in model.attention alone (cbam against none)." == found[0].reason


def test_equal_variants_are_one():
    """A claim on a variant that came out equal to another is open: it was not put to a test."""
    claim = Claim(id="x", variant="copy", reference="baseline", effect="higher")
    record = fake_results.record(VARIANTS, claims=[claim])
    plan = record.plan.model_copy(update={"same": {"copy": "baseline"}})
    same = fake_results.FakeResults(
        record.model_copy(update={"plan": plan}), fake_results.trials(HELPS)
    )
    found = judge_claims(same)[0]

    assert ("inconclusive", "0.00 points") == (found.verdict, found.measured)


def test_a_factor_without_levels_stays_open():
    """A claim that does not say from where to where has no two sides."""
    found = judge(moved(from_level=None, to_level=None, effect="higher"), HELPS)

    assert "inconclusive" == found.verdict


def test_unknown_variants_stay_open():
    """A variant that the study no longer has is no error."""
    found = judge(Claim(id="x", variant="gone", value=0.5), HELPS)

    assert ("inconclusive", "There is no variant 'gone'.") == (found.verdict, found.reason)


def test_sides_that_a_profile_makes_equal_show_nothing():
    """A claim that they are alike was then not put to a test."""
    claim = Claim(id="a", variant="baseline", reference="copy", effect="none")
    record = fake_results.record([VARIANTS[0]], claims=[claim], forced={"training.epochs": 2})
    plan = record.plan.model_copy(update={"same": {"copy": "baseline"}})
    same = fake_results.FakeResults(
        record.model_copy(update={"plan": plan}), fake_results.trials(HELPS)
    )
    found = judge_claims(same)[0]

    assert "inconclusive" == found.verdict
    assert "Baseline and copy are the same in this run." == found.reason

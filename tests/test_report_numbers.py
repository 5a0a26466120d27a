"""The highlights of a report, and its tables of details."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cnn_ablate.report import formatting
from cnn_ablate.report.ablation_table import ablation_table
from cnn_ablate.report.detail_tables import detail_tables
from cnn_ablate.report.figures import forest
from cnn_ablate.report.highlights import highlights
from cnn_ablate.report.methods import methods
from cnn_ablate.report.outcomes import outcome
from cnn_ablate.report.trust import support
from cnn_ablate.schema import TEST_ACCURACY, Finding, Look
from cnn_ablate.stats import convergence
from support import fake_study
from support.report_data import context_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 3, "images": 120, "epochs": 6, "classes": CLASSES}


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """A small study that is complete."""
    return context_of(
        fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))
    )


def cells(context, title):
    """Return the texts of a table by row name, and then by column."""
    table = next(one for one in detail_tables(context) if one.title.startswith(title))
    return {
        name: dict(zip(table.columns[1:], (cell.text for cell in row), strict=True))
        for name, row in table.rows
    }


def texts_of_highlights(context, tally=""):
    """Return the texts of the highlights by name."""
    return {fact.name: fact.text for fact in highlights(context, tally)}


def test_all_statistics_of_a_contrast_are_in_one_row(context):
    """A row shows the family with its interval and decision, and the noise of seeds and images."""
    row = cells(context, "All statistics")["batch_norm=false"]
    effect = context.effects[0]

    assert ["3", f"{effect.sd:.2f}"] == [row[name] for name in ("Seeds", "SD")]
    assert ["primary", "0, 0", "same"] == [row[name] for name in ("Family", "Failed", "Compute")]
    assert [formatting.p_value(effect.p), formatting.p_value(effect.p_adjusted)] == [
        row["p"],
        row["p, adjusted"],
    ]
    assert ("yes" if effect.decided else "no") == row["Decided"]
    intervals = ("Family interval", "t interval, alone", "Test-set CI", "Seeds and images")
    assert all(row[name].startswith("[") for name in intervals)


def test_statistics_that_need_more_seeds_are_left_blank(tmp_path):
    """With one seed there is a difference and McNemar's test, but no interval over seeds."""
    single = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1})))
    row = cells(single, "All statistics")["batch_norm=false"]

    assert "" == row["t interval, alone"] == row["Family interval"] == row["p, adjusted"]
    assert "not tested" == row["Family"]
    assert row["Difference"]
    assert row["McNemar p"]


def test_an_end_of_an_interval_that_was_set_to_zero_is_marked(context):
    """A clipped interval has a star; a small end keeps the digit that tells it from zero."""
    ends = [{"low_family": 0.0, "high_family": 2.14}, {"low_family": 0.013, "high_family": 2.14}]
    shown = [formatting.family_interval(context.effects[0].model_copy(update=end)) for end in ends]

    assert ["[0.0, +2.1]*", "[+0.01, +2.1]"] == shown


def test_convergence_metrics_are_means_over_seeds(context):
    """AULC, instability and training accuracy are means over seeds."""
    row = cells(context, "Convergence")["baseline"]
    own = convergence(context.epochs[context.epochs["variant"] == "baseline"])

    assert row["AULC"].startswith(f"{100 * own['auc_accuracy'].mean():.1f} [")
    assert row["Instability"].startswith(f"{own['instability'].mean():.3g}")
    assert row["Training accuracy"].startswith(f"{100 * own['train_accuracy'].mean():.1f} [")


def test_seeds_that_never_reach_the_threshold_are_counted(context):
    """Seeds that never reach the threshold are counted after the mean of the others."""
    rows = cells(context, "Convergence")
    name = next(name for name in rows["baseline"] if name.startswith("Epochs to"))

    assert "never" not in rows["baseline"][name]
    assert rows["batch_norm=false"][name].endswith(", 2 of 3 never")


def test_two_epochs_have_no_convergence(tmp_path):
    """With two epochs there is no table of convergence."""
    short = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "epochs": 2})))

    assert ["contrasts", "variants", "class_shares"] == [one.name for one in detail_tables(short)]


def test_precision_recall_and_f1_of_each_class_are_those_of_the_table(context):
    """Per class of the reference, the means over seeds of classes.csv, in per cent."""
    rows, classes = cells(context, "Precision"), context.results.classes
    own = classes[(classes["variant"] == "baseline") & (classes["class"] == "owl")]
    shares = {"Precision": "precision", "Recall": "recall", "F1": "f1"}
    expected = {name: f"{100 * own[column].mean():.1f}" for name, column in shares.items()}

    assert list(CLASSES) == list(rows)
    assert {"Test images": str(own["n"].iloc[0]), **expected} == rows["owl"]


def test_highlights_have_one_line_each(context):
    """Baseline, chance, what was run, data, decisions and claims have one line each."""
    facts = texts_of_highlights(context, "3 reproduced")

    names = ["Baseline", "Chance", "Run", "Data", "Trained", "Decided", "Claims"]
    assert names == list(facts)
    assert re.fullmatch(r"\d\d\.\d % \[\d\d\.\d, \d\d\.\d\]", facts["Baseline"])
    assert re.match(r"\d of 3 primary contrasts", facts["Decided"])
    assert "3 seeds, 6 epochs, full length" == facts["Run"]


def test_only_decided_effects_beyond_the_images_help(context):
    """What seeds decide helps only if the interval over test images excludes zero, too."""
    known = {"family": "primary", "low_family": 0.5, "high_family": 1.5, "difference": 1.0}
    effect = context.effects[0].model_copy(update={**known, "decided": True})
    shown = [
        outcome(context, effect.model_copy(update=update))
        for update in (
            {"images_low": 0.2, "images_high": 1.8},
            {"images_low": -0.1, "images_high": 2.1},
            {"images_low": 0.2, "images_high": 1.8, "decided": False, "low_family": -0.5},
        )
    ]

    assert ["helps", "open", "open"] == shown


def test_results_name_what_they_rest_on(context):
    """Few seeds and test images weigh against them; so do warnings of the audit, or none run."""
    reasons = {reason.text: reason.is_sound for reason in support(context, [])}
    few = "too few for sign flips, so tests assume normally distributed differences"
    assert not reasons[f"3 seeds per contrast: {few}"]
    assert not reasons["120 test images: one image is 0.83 points"]
    assert reasons["audit before training: 1 warning and 1 note"] is False
    record, note = context.results.record, context.results.record.findings[-1]
    for findings, audited, expected in (
        ((note,), True, {"audit before training: 1 note": True}),
        ((), False, {"not audited": False}),
    ):
        other = record.model_copy(update={"findings": findings, "audited": audited})
        known = support(replace(context, results=replace(context.results, record=other)), [])
        assert expected.items() <= {r.text: r.is_sound for r in known}.items()


def test_seeds_added_after_results_were_seen_weigh_against_them(context):
    """The error of all looks stands on the first screen and in the methods."""
    looks = tuple(Look(time="", seeds=seeds, trials=0) for seeds in (3, 5, 8))
    record = context.results.record.model_copy(update={"looks": looks})
    later = replace(context, results=replace(context.results, record=record))
    caveat = (
        "seeds were added after results were seen: the error of one contrast tested alone rises "
        "from 5.0 % to about 12 %"
    )

    assert {caveat: False}.items() <= {r.text: r.is_sound for r in support(later, [])}.items()
    told = " ".join(methods(record, later.results.trials, later.effects))
    assert "at once; that holds for a single test, and contrasts were tested 3 times, over" in told


def test_what_was_looked_for_after_training_is_named_with_its_bound(context):
    """A curve that rises by less passes, fewer epochs than four do not, failures weigh against."""
    flat = context.results.epochs.assign(val_accuracy=np.nan, test_accuracy=0.5)
    results = replace(context.results, epochs=flat)
    calm = replace(context, results=results, findings=())
    short = replace(calm, results=replace(results, epochs=flat[flat["epoch"] <= 3]))
    lost = Finding(kind="failed trials", severity="warning", where="b", message="One did.")
    annealed = flat.assign(lr=(flat["epoch"] < flat["epoch"].max()).astype(float))
    ended = replace(calm, results=replace(results, epochs=annealed))
    texts = [
        {reason.text: reason.is_sound for reason in support(one, [])}
        for one in (calm, short, replace(calm, findings=(lost,)), ended)
    ]

    assert texts[0]["no variant gained 1 point or more between the last two quarters of its epochs"]
    assert texts[1]["convergence was not tested: under 4 epochs"] is False
    assert texts[0]["no trial failed and no check found an error after training"]
    assert not texts[2]["no check found an error after training"]
    assert texts[3]["convergence was not tested: learning rates end near zero"] is None


def test_choices_on_test_images_weigh_against_a_study(context):
    """The first screen counts the variants that make them."""
    found = Finding(kind="test-selection", severity="warning", where="a", message="Best epoch.")
    found = found.model_copy(update={"data": {"variants": ["a", "b"]}})
    record = context.results.record.model_copy(update={"findings": (found,)})
    chosen = replace(context, results=replace(context.results, record=record))
    reasons = {reason.text: reason.is_sound for reason in support(chosen, [])}

    assert not reasons["2 variants make choices on test images: accuracy is biased upwards"]


def test_intervals_end_where_values_do():
    """No accuracy is under 0 or over 100 per cent; other metrics keep their ends."""
    loss = TEST_ACCURACY.model_copy(update={"unit": "nats"})

    assert "[0.0, 100.0]" == formatting.level_interval(TEST_ACCURACY, -3.0, 104.0)
    assert "[-3, 104]" == formatting.level_interval(loss, -3.0, 104.0)


def test_a_contrast_that_moves_more_than_its_name_weighs_against_a_study(context):
    """It answers another question than its name asks, so the first screen names it."""
    record = context.results.record
    moved = Finding(kind="moved-together", severity="warning", where="adam", message="Four do.")
    findings = (*record.findings, moved)
    record = record.model_copy(update={"findings": findings})
    confounded = replace(context, results=replace(context.results, record=record))
    [audit] = [reason for reason in support(confounded, []) if reason.section == "audit"]

    assert audit.text.endswith("; more settings change than the name says in adam")
    assert not audit.is_sound


def test_a_p_that_cannot_be_smaller_is_explained(tmp_path):
    """Seven pairs have 128 sign flips: the table says that p is at least 2 of them."""
    size = {**SIZE, "variants": 8, "seeds": 7, "epochs": 2}
    study = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**size)))
    table = ablation_table(study)

    assert "0.016" in [row.p.text for row in table.rows]
    assert table.notes[0] == "7 pairs allow no p under 0.016."


def test_no_part_of_a_report_disagrees_with_a_decision(tmp_path):
    """Table, figure and sentence of an effect all rest on the interval of its family."""
    size = {**SIZE, "variants": 8, "seeds": 7, "epochs": 2}
    study = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**size)))
    plot = forest.data(study).set_index("variant")
    decided = 0
    for effect in study.effects:
        row, drawn = cells(study, "All statistics")[effect.variant], plot.loc[effect.variant]
        excludes_zero = effect.low_family >= 0 or effect.high_family <= 0
        decided += effect.decided

        assert effect.decided == excludes_zero == bool(drawn["direction"])
        assert ("yes" if effect.decided else "no") == row["Decided"]
        assert effect.decided == any(verb in effect.sentence for verb in (" gains ", " costs "))
        assert (effect.low_family, effect.high_family) == (drawn["low"], drawn["high"])
        assert formatting.family_interval(effect) == row["Family interval"]
    assert 0 < decided < 7


def test_a_report_counts_failed_trials_of_a_contrast(tmp_path):
    """Where trials failed, table and sentence count them, and the figure has no interval."""
    study = context_of(
        fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 5}, failed=1))
    )
    [failed] = [effect for effect in study.effects if effect.failed]
    drawn = forest.data(study).set_index("variant").loc[failed.variant]

    assert "1, 0" == cells(study, "All statistics")[failed.variant]["Failed"]
    assert "1 of 5 seeds diverged (1 to 72 %), 0 of 5 of baseline" in failed.sentence
    assert (True, 0) == (np.isnan(drawn["low"]), drawn["direction"])

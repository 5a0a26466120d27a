"""What a report says at a glance, and the tables in which all its numbers stand."""

from dataclasses import replace

import pytest

from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.highlights import glance
from cnn_ablate.report.listings import listings
from cnn_ablate.stats import derived
from support import fake_study

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 3, "images": 120, "epochs": 6, "classes": CLASSES}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A small study that is complete."""
    return ReportContext.of(
        fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))
    )


def cells(measured, title):
    """Give the texts of a table: by row name, a dict by column."""
    listing = next(one for one in listings(measured) if one.title.startswith(title))
    return {
        name: dict(zip(listing.columns[1:], (cell.text for cell in row), strict=True))
        for name, row in listing.rows
    }


def said(measured, tally=""):
    """Give what stands at a glance, by its name."""
    return {fact.name: fact.text for fact in glance(measured, tally)}


def test_all_numbers_of_a_contrast_stand_in_one_row(measured):
    """Both intervals over seeds, the one over images, three p and McNemar's are shown."""
    row = cells(measured, "All numbers")["batch_norm=false"]
    effect = measured.effects[0]

    assert ["3", f"{effect.sd:.2f}", "0.25"] == [row[name] for name in ("Seeds", "SD", "p")]
    assert "0.75" == row["p, Holm"]
    assert 3 == len(row["McNemar p by seed"].split(", "))
    assert all(row[name].startswith("[") for name in ("t interval", "BCa interval", "Test images"))


def test_what_too_few_seeds_cannot_say_is_left_blank(tmp_path):
    """With one seed there is a difference and a test of images, and no interval over seeds."""
    single = ReportContext.of(
        fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1}))
    )
    row = cells(single, "All numbers")["batch_norm=false"]

    assert "" == row["t interval"] == row["p, Holm"]
    assert row["Points"]
    assert row["McNemar p"]


def test_learning_is_shown_in_numbers(measured):
    """The area under the accuracy, instability and training accuracy are means over seeds."""
    row = cells(measured, "Speed")["baseline"]
    own = derived(measured.epochs[measured.epochs["variant"] == "baseline"])

    assert row["Area under epochs"].startswith(f"{100 * own['auc_accuracy'].mean():.1f} [")
    assert row["Instability"].startswith(f"{own['instability'].mean():.3g} [")
    assert row["Training accuracy"].startswith(f"{100 * own['train_accuracy'].mean():.1f} [")


def test_who_never_gets_there_is_said(measured):
    """Seeds that stay under the threshold are counted beside the mean of the others."""
    rows = cells(measured, "Speed")
    name = next(name for name in rows["baseline"] if name.startswith("Epochs to"))

    assert "never" not in rows["baseline"][name]
    assert rows["batch_norm=false"][name].endswith(", 2 of 3 never")


def test_few_epochs_have_no_course(tmp_path):
    """Two epochs say nothing of speed or steadiness, and the table is left out."""
    short = ReportContext.of(
        fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "epochs": 2}))
    )

    assert ["All numbers of each contrast"] == [one.title for one in listings(short)]


def test_a_glance_tells_what_held(measured):
    """Claims, effects, audit and budget each have a line, which begins with a capital."""
    facts = said(measured, "3 reproduced")

    assert ["Claims", "Effects", "Audit", "Budget"] == list(facts)
    assert facts["Effects"].endswith("]")
    assert (
        "contrasts with 95 % intervals clear of zero; the largest: batch_norm=false, \N{MINUS SIGN}"
        in (facts["Effects"])
    )
    assert "1 warning, 1 note" == facts["Audit"]
    assert "3 seeds, 6 epochs, 120 test images" == facts["Budget"]


def test_noise_of_either_kind_is_no_effect(measured):
    """An effect counts only where neither interval includes zero."""
    effect = measured.effects[0].model_copy(update={"low": 0.5, "high": 1.5, "difference": 1.0})
    clear, none = (
        said(replace(measured, effects=(effect.model_copy(update=images),)))["Effects"]
        for images in (
            {"images_low": 0.2, "images_high": 1.8},
            {"images_low": -0.1, "images_high": 2.1},
        )
    )

    assert clear.startswith("1 of 1 contrast with 95 % intervals clear of zero; the largest")
    assert "0 of 1 contrast with 95 % intervals clear of zero" == none


def test_an_audit_that_was_not_made_is_no_clean_bill(measured):
    """No findings are nothing found only if the study was audited."""
    texts = []
    for audited in (False, True):
        update = {"findings": (), "audited": audited}
        record = measured.results.record.model_copy(update=update)
        results = replace(measured.results, record=record)
        texts.append(said(replace(measured, results=results))["Audit"])

    assert ["Not made", "Nothing found"] == texts

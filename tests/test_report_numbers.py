"""What a report says at a glance, and the tables in which all its numbers stand."""

import re
from dataclasses import replace

import pytest

from cnn_ablate.report.detail_tables import detail_tables
from cnn_ablate.report.highlights import highlights
from cnn_ablate.stats import convergence
from support import fake_study
from support.report_context import context_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 3, "images": 120, "epochs": 6, "classes": CLASSES}


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """A small study that is complete."""
    return context_of(
        fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))
    )


def cells(context, title):
    """Give the texts of a table: by row name, a dict by column."""
    table = next(one for one in detail_tables(context) if one.title.startswith(title))
    return {
        name: dict(zip(table.columns[1:], (cell.text for cell in row), strict=True))
        for name, row in table.rows
    }


def said(context, tally=""):
    """Give what stands at a glance, by its name."""
    return {fact.name: fact.text for fact in highlights(context, tally)}


def test_all_numbers_of_a_contrast_stand_in_one_row(context):
    """Both intervals over seeds, the one over images, three p and McNemar's are shown."""
    row = cells(context, "All statistics")["batch_norm=false"]
    effect = context.effects[0]

    assert ["3", f"{effect.sd:.2f}", "0.25"] == [row[name] for name in ("Seeds", "SD", "p")]
    assert "0.75" == row["p, Holm"]
    assert 3 == len(row["McNemar p per seed"].split(", "))
    assert all(row[name].startswith("[") for name in ("t interval", "BCa interval", "Test-set CI"))


def test_what_too_few_seeds_cannot_say_is_left_blank(tmp_path):
    """With one seed there is a difference and a test of images, and no interval over seeds."""
    single = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1})))
    row = cells(single, "All statistics")["batch_norm=false"]

    assert "" == row["t interval"] == row["p, Holm"]
    assert row["Points"]
    assert row["McNemar p"]


def test_learning_is_shown_in_numbers(context):
    """The area under the accuracy, instability and training accuracy are means over seeds."""
    row = cells(context, "Convergence")["baseline"]
    own = convergence(context.epochs[context.epochs["variant"] == "baseline"])

    assert row["AULC"].startswith(f"{100 * own['auc_accuracy'].mean():.1f} [")
    assert row["Instability"].startswith(f"{own['instability'].mean():.3g} [")
    assert row["Training accuracy"].startswith(f"{100 * own['train_accuracy'].mean():.1f} [")


def test_who_never_gets_there_is_said(context):
    """Seeds that stay under the threshold are counted beside the mean of the others."""
    rows = cells(context, "Convergence")
    name = next(name for name in rows["baseline"] if name.startswith("Epochs to"))

    assert "never" not in rows["baseline"][name]
    assert rows["batch_norm=false"][name].endswith(", 2 of 3 never")


def test_few_epochs_have_no_course(tmp_path):
    """Two epochs say nothing of speed or steadiness, and the table is left out."""
    short = context_of(fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "epochs": 2})))

    assert ["All statistics of each contrast"] == [one.title for one in detail_tables(short)]


def test_a_glance_tells_what_held(context):
    """Claims, effects, audit and budget each have a line, which begins with a capital."""
    facts = said(context, "3 reproduced")

    assert ["Claims", "Effects", "Audit", "Budget"] == list(facts)
    assert facts["Effects"].endswith("]")
    assert re.match(
        r"All 95 % CIs exclude zero in \d of 3 contrasts; the largest: batch_norm=false, "
        "\N{MINUS SIGN}",
        facts["Effects"],
    )
    assert "1 warning, 1 note" == facts["Audit"]
    assert "3 seeds, 6 epochs, 120 test images" == facts["Budget"]


def test_noise_of_either_kind_is_no_effect(context):
    """An effect counts only where neither interval includes zero."""
    effect = context.effects[0].model_copy(update={"low": 0.5, "high": 1.5, "difference": 1.0})
    clear, none = (
        said(replace(context, effects=(effect.model_copy(update=images),)))["Effects"]
        for images in (
            {"images_low": 0.2, "images_high": 1.8},
            {"images_low": -0.1, "images_high": 2.1},
        )
    )

    assert clear.startswith("All 95 % CIs exclude zero in 1 of 1 contrast; the largest")
    assert "All 95 % CIs exclude zero in 0 of 1 contrast" == none


def test_an_audit_that_was_not_made_is_no_clean_bill(context):
    """No findings are nothing found only if the study was audited."""
    texts = []
    for audited in (False, True):
        update = {"findings": (), "audited": audited}
        record = context.results.record.model_copy(update=update)
        results = replace(context.results, record=record)
        texts.append(said(replace(context, results=results))["Audit"])

    assert ["Not run", "No findings"] == texts

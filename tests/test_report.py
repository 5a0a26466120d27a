"""The summary of a report, by hand: what it counts, says and judges."""

import re
from dataclasses import replace

import pytest

from cnn_ablate.analysis import analyse
from cnn_ablate.report import render_templates, run_facts, write
from cnn_ablate.report.claims_table import claim_tables
from cnn_ablate.report.results_table import results_table
from cnn_ablate.stats import t_interval, wilson
from support import fake_study
from support.report_context import content_of, context_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4, "classes": CLASSES}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small study that is complete."""
    return fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))


def test_table_shows_means_and_intervals_over_seeds(results):
    """A row has the mean of the seeds' accuracies in per cent and Student's interval of it."""
    row = results_table(context_of(results)).rows[0]
    own = results.trials[results.trials["variant"] == "baseline"]["test_accuracy"].to_numpy()
    low, high = t_interval(100 * own)

    assert row.reference
    assert pytest.approx(100 * own.mean()) == row.accuracy.value
    assert f"[{low:.1f}, {high:.1f}]" == row.interval
    assert "[{:.1f}, {:.1f}]".format(*(100 * end for end in wilson(120 * own.mean(), 120))) == (
        row.images
    )
    assert "2 of 2" == row.seeds.text


def test_table_ticks_components_and_marks_what_moved(results):
    """A component is on, off or named, and stands out where it differs from the reference."""
    found = results_table(context_of(results))
    rows = {
        row.variant: dict(zip(found.components, row.components, strict=True)) for row in found.rows
    }

    assert ("on", False) == _look(rows["baseline"]["model.batch_norm"])
    assert ("off", True) == _look(rows["batch_norm=false"]["model.batch_norm"])
    assert ("named", False) == _look(rows["batch_norm=false"]["model.attention"])
    assert ("off", True) == _look(rows["attention=none"]["model.attention"])


def test_the_table_tells_a_bundle_by_its_name(results):
    """What the levels of a bundle set takes no column beside its own."""
    study = results.record.study
    factors = tuple(
        factor.model_copy(update={"name": "part"}) if factor.name == "model.attention" else factor
        for factor in study.factors
    )
    record = results.record.model_copy(
        update={"study": study.model_copy(update={"factors": factors})}
    )
    trials = results.trials.assign(part=results.trials["model.attention"])
    components = results_table(
        context_of(replace(results, record=record, trials=trials))
    ).components

    assert "part" in components
    assert "model.attention" not in components


def _look(component):
    return component.state, component.moved


def test_a_variant_is_best_only_if_its_intervals_say_so(results, tmp_path):
    """A variant far ahead of all is best; with one seed, or a rival within noise, none is."""
    ahead = fake_study.publish(
        tmp_path / "ahead", fake_study.FakeStudy(variants=2, seeds=4, images=400)
    )
    single = fake_study.publish(
        tmp_path / "single", fake_study.FakeStudy(variants=2, seeds=1, images=400)
    )

    assert ["baseline"] == _best(ahead)
    assert [] == _best(single)
    assert [] == _best(results)


def _best(results):
    return [row.variant for row in results_table(context_of(results)).rows if row.best]


def test_summary_says_what_failed_and_what_is_missing(tmp_path):
    """Failed trials are named with their reason, missing ones with their seeds."""
    content = content_of(
        fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, failed=1, missing=2))
    )

    assert 1 == len(content.failures)
    assert "the loss was not finite at batch 40 of epoch 2." == content.failures[0].error
    assert ("seeds 0 and 1 of attention=none",) == content.missing


def test_summary_says_the_study_in_one_sentence(results):
    """The sentence names the network, the data, the seeds and the factors."""
    expected = (
        "4 variants of cnnnet on cifar10, with 2 seeds each, to measure what "
        "model.batch_norm, model.residual and model.attention contribute."
    )

    assert expected == run_facts.study_sentence(context_of(results))


def test_budget_names_the_profile_and_what_it_set(tmp_path):
    """A reduced budget shows its profile and the keys that the profile set."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, profile="smoke"))
    facts = {fact.name: fact.text for fact in run_facts.training_setup(context_of(study))}

    assert "smoke" == facts["Profile"]
    assert "training.batch_size = 128" == facts["Overrides"]
    assert "8 of 8 done" == facts["Trials"]


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("cpu", "4 epochs, 120 test images; profile cpu set training.epochs = 4 instead of 30"),
        ("", "4 epochs, 120 test images; the command line set training.epochs = 4 instead of 30"),
    ],
)
def test_a_reduced_budget_stands_where_numbers_stand(tmp_path, profile, said):
    """Tables say what was reduced, in every format, and figures that something was."""
    made_up = fake_study.FakeStudy(**SIZE, profile=profile, forced={"training.epochs": 4})
    content = content_of(fake_study.publish(tmp_path, made_up))
    short = f"120 test images, {f'profile {profile}' if profile else 'some settings overridden'})"

    assert f"2 seeds, {said}" == content.conditions
    assert content.conditions in content.table.note
    assert all(content.conditions in table.note for table in content.details)
    assert 3 == render_templates.latex(content).count("instead of 30).}")
    assert all(short in shown.caption for shown in content.figures if shown.section == "Classes")


def test_every_claim_has_its_verdict(results):
    """Verdicts stand beside their claims, in the study's order, and are counted."""
    found = claim_tables(context_of(results))

    assert [claim.id for claim in results.record.study.claims] == [
        one.verdict.claim for one in found.judged.rows
    ]
    assert () == found.not_comparable.rows
    assert len(found.judged.rows) == sum(map(int, re.findall(r"\d+", found.tally)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ("What the paper says, and", "Published")),
        ({"paper": None}, ("What was claimed, and", "Claimed")),
    ],
)
def test_claims_need_no_paper(results, changes, said):
    """What somebody expects of a study of their own was never published."""
    content = replace(content_of(results), figures=(), **changes)

    assert all(text in render_templates.html(content, {}) for text in said)
    assert all(text in render_templates.markdown(content) for text in said)
    assert f"Claim & {said[1]} & Measured" in render_templates.latex(content)


def test_claims_that_cannot_be_compared_stand_apart(tmp_path):
    """Where a profile changed the data, only what it leaves alone is judged; why is said once."""
    made_up = fake_study.FakeStudy(**SIZE, profile="smoke", forced={"data.name": "sample"})
    found = claim_tables(context_of(fake_study.publish(tmp_path, made_up)))

    assert "1 reproduced, 3 not comparable" == found.tally
    assert ["parameters"] == [one.claim.id for one in found.judged.rows]
    assert ("Profile smoke set data.name = sample.",) == found.not_comparable.notes
    assert not any("smoke" in one.why for one in found.not_comparable.rows)


def test_what_several_verdicts_share_is_said_once(tmp_path):
    """With one seed no direction can be judged: the reason stands over the table alone."""
    single = fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1}))
    found = claim_tables(context_of(single)).judged

    assert ("Unless stated otherwise: one seed cannot show the noise of seeds.",) == found.notes
    assert ["", "", "", "2,134,902 were counted, as published."] == [row.why for row in found.rows]


def test_a_study_of_which_nothing_is_done_has_a_report(tmp_path):
    """With no result at all the page says so, instead of failing."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, missing=8))
    page = write(analyse(study), tmp_path / "reports", latex=True)

    text = page.read_text(encoding="utf-8")
    assert "No trial is done yet" in text
    assert "This study is not finished" in text


def test_failures_stand_before_the_results(tmp_path):
    """Failed trials and what is missing come first on both pages."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, failed=1, missing=1))
    content = replace(content_of(study), figures=())

    for text in (render_templates.html(content, {}), render_templates.markdown(content)):
        places = [
            text.index(words) for words in ("1 failed trial", "not finished", "Effect of each")
        ]
        assert sorted(places) == places


def test_a_variant_of_two_epochs_has_no_instability(tmp_path):
    """Where a factor moves the epochs, what takes three of them is left empty for some variants."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE))
    short = fake_study.publish_again(
        study, "attention=none", fake_study.FakeStudy(**{**SIZE, "epochs": 2})
    )
    learning = content_of(short).details[-1]
    row = dict(learning.rows)["attention=none"]
    cells = dict(zip(learning.columns[1:], row, strict=True))

    assert "" == cells["Instability"].text
    assert cells["Best accuracy"].text
    assert "nan" not in render_templates.markdown(replace(content_of(short), figures=()))

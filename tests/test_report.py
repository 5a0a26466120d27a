"""The content of a report's pages: tables, sentences, claims and verdicts."""

import re
from dataclasses import replace

import pytest

from cnn_ablate.analysis import analyse
from cnn_ablate.report import highlights, render_templates, run_facts, write
from cnn_ablate.report.ablation_latex import latex
from cnn_ablate.report.claims_table import claim_tables
from support import fake_study
from support.report_data import content_of, context_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4, "classes": CLASSES}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small study that is complete."""
    return fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))


def test_page_lists_failed_and_missing_trials(tmp_path):
    """Failed trials are listed with their error, missing ones with their seeds."""
    content = content_of(
        fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, failed=1, missing=2))
    )

    assert 1 == len(content.failures)
    assert "the loss was not finite at batch 40 of epoch 2." == content.failures[0].error
    assert ("seeds 0 and 1 of attention=none",) == content.missing


def test_one_sentence_describes_the_study(results):
    """The sentence names the network, the data, the seeds and the factors."""
    expected = (
        "4 variants of cnnnet on CIFAR-10, with 2 seeds each, to measure what "
        "model.batch_norm, model.residual and model.attention contribute."
    )

    assert expected == run_facts.study_sentence(context_of(results))


def test_training_setup_names_the_profile_and_its_overrides(tmp_path):
    """A reduced budget shows its profile and the keys that the profile set."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, profile="smoke"))
    facts = {fact.name: fact.text for fact in run_facts.training_setup(context_of(study))}

    assert "smoke" == facts["Profile"]
    assert "training.batch_size = 128" == facts["Overrides"]
    assert "8 of 8 done" == facts["Trials"]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("cpu", "profile cpu set training.epochs = 4 instead of 30"),
        ("", "the command line set training.epochs = 4 instead of 30"),
    ],
)
def test_a_reduced_budget_is_stated_with_the_answer_and_in_tables(tmp_path, profile, expected):
    """Tables for papers and the setup state each override; the first screen the epochs."""
    made_up = fake_study.FakeStudy(**SIZE, profile=profile, forced={"training.epochs": 4})
    content = content_of(fake_study.publish(tmp_path, made_up))
    short = f"instead of 30, {f'profile {profile}' if profile else 'some settings overridden'}"
    shown = {fact.name: fact.text for fact in (*content.highlights, *content.setup)}

    assert f"2 seeds, 4 epochs, 120 test images; {expected}" == content.conditions
    assert content.conditions == content.table.conditions
    assert 2 == _latex(content).count("instead of 30)")
    assert f"2 seeds, 4 epochs {short}" == shown["Run"]
    assert "training.epochs = 4 instead of 30" == shown["Overrides"]
    assert not any(short in figure.caption for figure in content.figures)


def test_every_claim_has_its_verdict(results):
    """Each claim has its verdict, in the order of the study, and verdicts are counted."""
    tables = claim_tables(context_of(results))

    assert [claim.id for claim in results.record.study.claims] == [
        row.verdict.claim for row in tables.judged.rows
    ]
    assert () == tables.not_comparable.rows
    assert len(tables.judged.rows) == sum(map(int, re.findall(r"\d+", tables.tally)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("What the paper says, and", "Published")),
        ({"paper": None}, ("What was claimed, and", "Claimed")),
    ],
)
def test_claims_need_no_paper(results, changes, expected):
    """Without a paper, the column of claimed values is not headed `Published`."""
    content = replace(content_of(results), figures=(), **changes)

    assert all(text in render_templates.html(content, {}) for text in expected)
    assert all(text in render_templates.markdown(content) for text in expected)
    note = f"\n\n{content.claims.note}\n"
    assert note in render_templates.markdown(content)
    assert note.strip() == content.claims.note
    assert f"Claim & {expected[1]} & Measured" in _latex(content)


def _latex(content):
    return render_templates.latex(content, latex(content.table))


def test_claims_that_are_not_comparable_have_their_own_table(tmp_path):
    """If a profile changed the data, only claims that do not depend on it are judged."""
    made_up = fake_study.FakeStudy(**SIZE, profile="smoke", forced={"data.name": "sample"})
    tables = claim_tables(context_of(fake_study.publish(tmp_path, made_up)))

    assert "1 reproduced, 3 not comparable" == tables.tally
    assert ["parameters"] == [row.claim.id for row in tables.judged.rows]
    notes = ("Measured with the overrides of profile smoke; see training setup.",)
    assert notes == tables.not_comparable.notes
    assert not any("smoke" in row.why for row in tables.not_comparable.rows)


def test_many_inconclusive_claims_are_folded(tmp_path):
    """More than a few inconclusive claims are folded, so that definite verdicts come first."""
    made_up = fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1}))
    context = context_of(made_up)
    before = claim_tables(context)
    study = made_up.record.study
    doubled = study.model_copy(update={"claims": study.claims * 2})
    record = made_up.record.model_copy(update={"study": doubled})
    more = replace(context, results=replace(made_up, record=record), verdicts=context.verdicts * 2)
    twice = claim_tables(more)

    assert {} == before.folded
    assert ["6 claims inconclusive"] == list(twice.folded)
    assert ["reproduced"] * 2 == [row.verdict.verdict for row in twice.judged.rows]


def test_a_large_factorial_counts_the_contrasts_of_each_change(tmp_path, monkeypatch):
    """Each change of a level is named once, with how many of its contrasts have the outcome."""
    monkeypatch.setattr(highlights, "MANY", 2)
    crossed = fake_study.FakeStudy(**SIZE, factorial=True)
    context = context_of(fake_study.publish(tmp_path, crossed))
    [norm, residual, *_] = [effect for effect in context.effects if len(effect.factors) == 1]
    other = residual.model_copy(update={"family": "primary"})
    effects = (norm, norm, residual, other)
    [undecided, untested] = highlights.outcome_lists(replace(context, effects=effects))

    assert ("Open", 1) == (undecided.name, undecided.total)
    assert (("residual off", "in 1 of 2", ""),) == undecided.changes
    assert ("Not tested", 3) == (untested.name, untested.total)
    expected = (("batch_norm off", "in 2 of 2", ""), ("residual off", "in 1 of 2", ""))
    assert expected == untested.changes


def test_a_shared_reason_is_stated_once(tmp_path):
    """A reason that several verdicts share is stated once, above the table."""
    single = fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 1}))
    table = claim_tables(context_of(single)).judged

    assert ("Unless stated otherwise: one seed cannot show the noise of seeds.",) == table.notes
    assert ["", "", "", "2,134,902 were counted, as published."] == [row.why for row in table.rows]


def test_a_study_without_results_has_a_report(tmp_path):
    """Without any result there is a page, and it says so."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, missing=8))
    page = write(analyse(study), tmp_path / "reports", latex=True)

    text = page.read_text(encoding="utf-8")
    assert "No trial is done yet" in text
    assert "This study is not finished" in text


def test_failures_come_before_the_results(tmp_path):
    """Failed and missing trials come first on both pages."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**SIZE, failed=1, missing=1))
    content = replace(content_of(study), figures=())

    for text in (render_templates.html(content, {}), render_templates.markdown(content)):
        places = [
            text.index(words)
            for words in ("1 failed trial", "study is not finished", "Ablation table")
        ]
        assert sorted(places) == places


def test_a_variant_of_two_epochs_has_no_instability(tmp_path):
    """A metric that needs three epochs is left empty for a variant of two."""
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


@pytest.mark.parametrize(
    ("message", "lead", "rest"),
    [
        ("Two are one: `a: b` decides. See it.", "Two are one.", "`a: b` decides. See it."),
        ("Set `a: b` vs. `c`. It helps.", "Set `a: b` vs. `c`.", "It helps."),
        ("One sentence.", "One sentence.", ""),
    ],
)
def test_a_finding_opens_with_its_first_statement(message, lead, rest):
    """The first screen folds the rest of it, and cuts no code."""
    assert (lead, rest) == render_templates.opening(message)

"""What the checks find is the first thing that report, run, status and tables say."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from rich.progress import Progress

from cnn_ablate.analysis import Analysis, analyse, frames, write_analysis
from cnn_ablate.cli.progress_bars import ProgressDisplay
from cnn_ablate.cli.run_end import RunEnd
from cnn_ablate.report import render_templates
from cnn_ablate.report.ablation_formats import plain_text
from cnn_ablate.report.ablation_latex import latex
from cnn_ablate.report.figures import factor_effects, forest
from cnn_ablate.report.highlights import answer
from cnn_ablate.report.page_content import page_content
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.report.run_facts import missing
from cnn_ablate.schema import Finding
from cnn_ablate.stats import FLIPS, HOLM, decide, seed_differences
from cnn_ablate.store import Results
from support import cli_study, fake_study
from support.fake_results import factor
from support.report_data import content_of, context_of

FAKE = fake_study.FakeStudy(
    variants=4, seeds=8, images=120, epochs=4, classes=("cat", "dog", "owl"), findings=False
)
OTHER = "residual=false"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """An invented study of four variants and eight seeds."""
    return fake_study.publish(tmp_path_factory.mktemp("results"), FAKE)


def with_accuracy(results: Results, variant: str, accuracy: float) -> Results:
    """Return the results with another accuracy of every seed of a variant."""
    trials = results.trials.copy()
    trials.loc[trials["variant"] == variant, "test_accuracy"] = accuracy
    return replace(results, trials=trials)


def with_one_class(results: Results) -> Results:
    """Return the results with a variant that answers `dog` for everything."""
    confusion = results.confusion.copy()
    rows = confusion["variant"] == OTHER
    confusion.loc[rows, "count"] = 40 * (confusion.loc[rows, "predicted"] == "dog")
    return replace(with_accuracy(results, OTHER, 1 / 3), confusion=confusion)


def with_failures(results: Results) -> Results:
    """Return the results with half of the seeds of a variant diverged."""
    trials = results.trials.copy()
    lost = (trials["variant"] == OTHER) & (trials["seed"] >= 4)
    trials.loc[lost, ["status", "test_accuracy"]] = ["diverged", None]
    return replace(results, trials=trials.astype({"test_accuracy": float}))


def faulty(results: Results, kind: str) -> Results:
    """Return the results with a fault; the invented curves still rise when they end."""
    return {
        "at chance": lambda: with_accuracy(results, OTHER, 1 / 3),
        "reference at chance": lambda: with_accuracy(results, "baseline", 1 / 3),
        "predicts one class": lambda: with_one_class(results),
        "identical seeds": lambda: with_accuracy(results, OTHER, 0.75),
        "failed trials": lambda: with_failures(results),
        "still improving": lambda: results,
    }[kind]()


KINDS = (
    *("at chance", "reference at chance", "predicts one class"),
    *("identical seeds", "failed trials", "still improving"),
)


def pages(analysis: Analysis) -> dict[str, str]:
    """Return the pages of a report by format, without figures, which take long to draw."""
    content = replace(page_content(ReportData.of(analysis)), figures=())
    return {
        "html": render_templates.html(content, {}),
        "markdown": render_templates.markdown(content),
        "latex": render_templates.latex(content, latex(content.table)),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_in_report_run_and_table(
    sound: Results, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first number of the page, in report.md, at the end of `run`, in findings.csv."""
    analysis = analyse(faulty(sound, kind))
    write_analysis(analysis)
    text = pages(analysis)

    [message] = [finding.message for finding in analysis.findings if finding.kind == kind]
    html, markdown = text["html"], text["markdown"]
    assert 0 < html.index(f"Check: {kind}") < html.index('<p class="lead">')
    assert kind in markdown[: markdown.index("**Baseline**")]
    found = pd.read_csv(sound.store.root / "made_up" / "findings.csv")
    assert message in set(found.loc[found["kind"] == kind, "message"])
    display = ProgressDisplay(Console(), Progress())
    display.on_end(analysis, RunEnd(Path("results"), Path("report.html"), was_up_to_date=False))
    assert f"{kind}: {message}\n" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["at chance", "predicts one class"])
def test_an_effect_that_means_nothing_says_so_wherever_it_stands(sound: Results, kind: str) -> None:
    """Sentence, figure, detail table and LaTeX; no other effect is touched."""
    analysis = analyse(faulty(sound, kind))
    [effect] = [effect for effect in analysis.effects if effect.variant == OTHER]
    assert "means nothing: residual=false " in effect.sentence
    assert (effect.family, effect.decided, effect.low_family) == ("", False, None)
    others = [effect for effect in analysis.effects if effect.variant != OTHER]
    assert not any("means nothing" in effect.sentence for effect in others)

    text = pages(analysis)
    assert "; 1 more means nothing." in answer(ReportData.of(analysis))
    assert re.search(r'<td class="verdict-word means-nothing">means nothing<', text["html"])
    assert re.search(r'<tr data-variant="residual=false[^"]*" class="[^"]* void">', text["html"])
    name = render_templates.breakable(OTHER)
    assert f"{name} (means nothing: " in text["html"].replace("(means<wbr> ", "(means ")
    assert r"\multicolumn{3}{l}{\emph{means nothing}}" in text["latex"]
    assert re.search(rf"\$\^{{[a-z]}}\$\\,[^\n]*{kind}", text["latex"])
    assert r"\textbf" not in text["latex"]

    data = forest.data(ReportData.of(analysis))
    assert data is not None
    drawn = [text.get_text() for text in forest.EFFECTS.figure(data).axes[0].texts]
    assert 1 == drawn.count("means nothing")


@pytest.mark.parametrize(("seeds", "method"), [(8, FLIPS), (4, HOLM)])
def test_a_family_stays_adjusted_for_a_contrast_that_means_nothing(
    sound: Results, seeds: int, method: str
) -> None:
    """The report says so beside what is decided, and in its methods."""
    results = faulty(sound, "at chance")
    trials = results.trials[results.trials["seed"] < seeds]
    analysis = analyse(replace(results, trials=trials))
    rows = seed_differences(trials, results.record.plan.contrasts, range(seeds))
    tested = {e.variant: e.p_adjusted for e in analysis.effects if e.method == method}
    every = {c.variant: d for c, d in zip(results.record.plan.contrasts, decide(rows), strict=True)}
    assert {name: every[name].p_adjusted for name in every if name != OTHER} == tested

    content = page_content(ReportData.of(analysis))
    [decided] = [fact.text for fact in content.highlights if fact.name == "Decided"]
    words = "adjusted for 3, of which 1 means nothing"
    assert re.match(rf"\d of 2 primary contrasts \({words}\)", decided)
    assert f"2 primary (all planned seeds; {words}). A family" in " ".join(content.methods)


def test_chance_in_some_seeds_is_counted_beside_the_variant(sound: Results) -> None:
    """In the table of the page, of LaTeX and of the terminal; `at chance` alone is all seeds."""
    trials = sound.trials.copy()
    trials.loc[(trials["variant"] == OTHER) & (trials["seed"] < 2), "test_accuracy"] = 1 / 3
    table = content_of(replace(sound, trials=trials)).table
    [row] = [row for row in table.rows if row.variant == OTHER]
    assert "at chance in 2 of 8 seeds" in row.remark
    assert "at chance in 2 of 8 seeds" in latex(table)
    assert "! at chance in 2 of 8 seeds" in plain_text(table)


def test_options_in_findings_are_code(sound: Results) -> None:
    """The parts between backticks; markup in them, and all else, stays text."""
    message = "Set `a.b: <i>` or `--c_d`, not <b> or *e*."
    found = Finding(kind="images", severity="error", where="x", message=message)
    record = sound.record.model_copy(update={"findings": (found,)})
    text = pages(Analysis(replace(sound, record=record)))
    shown = "Set <code>a.b: &lt;i&gt;</code> or <code>--c_d</code>, not &lt;b&gt; or *e*."
    assert 2 == text["html"].count(shown)
    assert 2 == text["markdown"].count(r"Set `a.b: <i>` or `--c_d`, not &lt;b&gt; or \*e\*.")


def test_each_contrast_that_was_computed_in_two_ways_is_marked(sound: Results) -> None:
    """In every row of the table, however many there are, and in the row of all statistics."""
    layouts = sound.trials["variant"].map(lambda name: "other" if name != "baseline" else "nhwc")
    analysis = analyse(replace(sound, trials=sound.trials.assign(layout=layouts)))
    content = page_content(ReportData.of(analysis))
    rows = [row for row in content.table.rows if row.variant != "baseline"]
    assert 3 == len(rows)
    assert all("compute settings differ" in row.remark for row in rows)
    cells = [cell.text for table in content.details for _, row in table.rows for cell in row]
    assert 3 == cells.count("differs")
    assert "compute settings differ" in latex(content.table)


def test_nothing_is_the_largest_effect_of_a_reference_at_chance(sound: Results) -> None:
    """The first lines name no effect, and each contrast is grey."""
    context = context_of(faulty(sound, "reference at chance"))
    content = content_of(context.results)
    told = "None: 3 mean nothing, because baseline is at chance"
    assert told in {fact.text for fact in content.highlights}
    assert ["Means nothing"] == [group.name for group in content.outcomes]
    assert all(context.why_meaningless(effect) for effect in context.effects)


def test_errors_of_the_audit_are_on_the_first_screen(sound: Results) -> None:
    """Its warnings and notes stay where the audit is."""
    found = tuple(
        Finding(kind="images", severity=severity, where="x", message="Does nothing.")
        for severity in ("note", "error")
    )
    record = sound.record.model_copy(update={"findings": found})
    alarms = content_of(replace(sound, record=record)).alarms
    assert ["Audit"] == [alarm.finder for alarm in alarms if alarm.finding.kind == "images"]
    assert alarms[0].finding.severity == "error"


@pytest.mark.usefixtures("all_figures")
def test_chance_is_in_figures_and_table(sound: Results) -> None:
    """Balanced classes have one line; else the most frequent class has its own."""
    content = content_of(sound)
    assert (("chance", "33.3"),) == content.table.chance
    captions = {figure.name: figure.caption for figure in content.figures}
    for name in ("trials", "accuracy", "seconds"):
        assert "For comparison: chance 33.3 %" in captions[name]
    assert "Chance is 33.3 %." in captions["per_class"]

    classes = sound.classes.assign(n=sound.classes["class"].map({"cat": 70, "dog": 30, "owl": 20}))
    uneven = context_of(replace(sound, classes=classes))
    assert {"chance": 1 / 3, "most frequent class": 70 / 120} == uneven.chance


def test_findings_are_a_table_of_results(sound: Results) -> None:
    """With those of the audit, for programs."""
    found = frames(Analysis(sound))["findings"]
    assert ["found", "kind", "severity", "where", "message"] == list(found)
    assert {"after training"} == set(found["found"])


@pytest.mark.slow
def test_run_and_status_end_with_the_findings(tmp_path: Path) -> None:
    """A study of six images learns nothing, and both commands say so."""
    text = cli_study.STUDY.replace("subset: 96", "subset: 6").replace("epochs: 3", "epochs: 1")
    study = cli_study.write(tmp_path, text)
    message = "Check: error, at chance: No better than naming the most frequent class"
    code, out, _ = cli_study.call("run", study, cwd=tmp_path)
    assert code == 0
    assert message in out
    code, out, _ = cli_study.call("status", study, cwd=tmp_path)
    assert code == 0
    assert message in out


@pytest.mark.usefixtures("all_figures")
def test_differences_from_a_reference_at_chance_are_not_drawn(sound: Results) -> None:
    """Neither per class, nor in confusions, nor as contributions of components."""
    differences = {"per_class_difference", "confusion_difference", "contributions"}
    assert differences <= {figure.name for figure in content_of(sound).figures}
    content = content_of(faulty(sound, "reference at chance"))
    assert not differences & {figure.name for figure in content.figures}


def test_contributions_name_the_factors_left_out(sound: Results) -> None:
    """One that means nothing, and those of which no level, or one of several, is off."""
    results = faulty(sound, "at chance")
    more = (factor("model.width", 16, 8), factor("data.augment", "crop", "flip", "none"))
    study = results.record.study
    study = study.model_copy(update={"factors": (*study.factors, *more)})
    record = results.record.model_copy(update={"study": study})
    context = context_of(replace(results, record=record))
    data = factor_effects.SHARES.data(context)
    assert data is not None
    assert {"model.batch_norm", "model.attention"} == set(data["name"])
    assert factor_effects.SHARES.caption(context, data).endswith(
        " Left out: model.residual (means nothing); model.width (no level that is off); "
        "data.augment (more than two levels)."
    )


def test_a_study_with_looks_lacks_only_the_seeds_that_it_needs(sound: Results) -> None:
    """Seeds of contrasts that an earlier look has decided are neither missing nor planned."""
    record = sound.record
    looks = record.model_copy(
        update={"study": record.study.model_copy(update={"looks": (4, 8), "error": 0.05})}
    )
    early = sound.trials[(sound.trials["seed"] < 4) | (sound.trials["variant"] != OTHER)]
    context = context_of(replace(sound, record=looks, trials=early))
    needed = {trial.variant for trial in context.needed if trial.seed >= 4}
    assert (OTHER in needed) == bool(missing(context))
    assert context.planned_seeds[OTHER] == (8 if OTHER in needed else 4)

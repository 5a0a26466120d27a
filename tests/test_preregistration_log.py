"""The log in study.json: what was stated before its data, changed after it, or added after it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.claims.preregistered import design_stated, results_seen, stated
from cnn_ablate.executors import Resources
from cnn_ablate.report.claims_table import claim_tables
from cnn_ablate.report.limitations import limitations
from cnn_ablate.report.methods import methods
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.preregistration_log import log_preregistration, with_history
from cnn_ablate.runner.run import run
from cnn_ablate.schema import Claim, LogEntry, Look, Record, claim_hash
from cnn_ablate.store import Store, read_record, write_record
from cnn_ablate.study import Changes, read_study
from support import fake_study
from support.fake_results import contrast, record, trials, variant
from support.fast_study import STUDY, allow_fork, fork_workers
from support.report_data import context_of

pytestmark = [allow_fork, pytest.mark.usefixtures(fork_workers.__name__)]

NORM = "  - {id: norm, factor: model.norm, from: none, to: batch, effect: higher}\n"
LEVEL = "  - {id: level, variant: baseline, value: 0.5}\n"


def ran(folder: Path, claims: str, *, seeds: int = 2, fresh: bool = False) -> dict[str, str]:
    """Run the study with some claims; return when each was stated, as claims.csv has it."""
    folder.mkdir(exist_ok=True)
    path = folder / "fast.yaml"
    path.write_text(f"{STUDY}claims:\n{claims}", encoding="utf-8")
    config = RunConfig(results=folder / "results", resources=Resources(workers=1), compute="eager")
    prepared = prepare(read_study(path, Changes(seeds=seeds)), config)
    run(prepared, outstanding(prepared, fresh=fresh), config, lambda _: None)
    table = pd.read_csv(folder / "results" / "fast" / "claims.csv")
    return dict(zip(table["claim"], table["stated"], strict=True))


def test_claims_before_and_after_their_data(tmp_path: Path) -> None:
    """They stay told apart with more seeds, after `--fresh`, and in a copy of the results."""
    first = tmp_path / "first"
    assert {"norm": "before its data"} == ran(first, NORM)
    changed = NORM.replace("higher", "lower")
    assert {"norm": "changed after", "level": "added after"} == ran(first, changed + LEVEL)
    assert {"norm": "before its data", "level": "added after"} == ran(first, NORM + LEVEL)
    shutil.copytree(first, tmp_path / "copy")
    expected = {"norm": "before its data", "level": "added after"}
    assert expected == ran(tmp_path / "copy", NORM + LEVEL, seeds=3)
    assert expected == ran(tmp_path / "copy", NORM + LEVEL, seeds=3, fresh=True)
    last = read_record(tmp_path / "copy" / "results", "fast")
    extended = {"the design": "before its data", "the seeds": "changed after"}
    assert {**extended, "the metric": "before its data"} == design_stated(last)
    table = pd.read_csv(tmp_path / "copy" / "results" / "fast" / "claims.csv")
    assert {"; ".join(f"{part} {when}" for part, when in design_stated(last).items())} == set(
        table["design_stated"]
    )
    assert "the seeds changed after them" in " ".join(methods(last, trials({"a": [0.5]}), ()))
    log = last.log
    assert [0, 4, 4, 4] == [entry.trials for entry in log]
    assert [(), ("baseline", "norm=none")] == [entry.variants for entry in log[:2]]


def test_nothing_is_known_of_claims_whose_trials_are_older_than_the_log(tmp_path: Path) -> None:
    """A log that begins after the first trials cannot say what was stated before them."""
    ran(tmp_path, NORM)
    record_path = tmp_path / "results" / "fast" / "study.json"
    written = json.loads(record_path.read_text(encoding="utf-8"))
    written["log"] = []
    record_path.write_text(json.dumps(written), encoding="utf-8")
    assert {"norm": "no log", "level": "no log"} == ran(tmp_path, NORM + LEVEL)
    assert {"norm": "changed after"} == ran(tmp_path, NORM.replace("higher", "lower"))


def test_looks_at_more_seeds_are_recorded(tmp_path: Path) -> None:
    """Each number of seeds is a look; a run that trains nothing new is none."""
    for seeds in (2, 2, 3):
        ran(tmp_path, NORM, seeds=seeds)
    looks = read_record(tmp_path / "results", "fast").looks
    assert [(2, 4), (3, 6)] == [(look.seeds, look.trials) for look in looks]


def test_a_design_changed_after_results_is_not_stated_before_its_data(tmp_path: Path) -> None:
    """Though none of its trials exists yet: the log names what was edited, and when."""
    ran(tmp_path, NORM)
    path, config = tmp_path / "fast.yaml", RunConfig(results=tmp_path / "results")
    text = path.read_text(encoding="utf-8").replace("epochs: 4", "epochs: 5")
    path.write_text(f"{text}{LEVEL}", encoding="utf-8")
    prepared = prepare(read_study(path, Changes(seeds=2)), config)
    store = Store(config.results)
    log_preregistration(prepared, read_record(config.results, "fast"), store)
    last = read_record(config.results, "fast").model_copy(update={"study": prepared.study})
    # Looks at its trials do not repeat one at others.
    look, now = Look(time="", seeds=3, trials=6), last.model_copy(update={"plan": prepared.plan})
    assert [2, 3] == [each.seeds for each in with_history(last, store, [look]).looks]
    assert (look,) == with_history(now, store, [look]).looks

    told = " ".join(methods(last, trials({"a": [0.5]}), ()))
    assert "the seeds and the metric stated before their data; the design changed after" in told
    edit, day = "baseline training.epochs 4 \N{RIGHTWARDS ARROW} 5", last.log[-1].time[:10]
    assert f"After the first results, the study was changed on {day} ({edit})." in told
    assert ["before its data", "added after"] == [stated(last, c) for c in last.study.claims]
    # A part that is again as it was stated first does not read as a contradiction.
    edits, first = ("baseline training.epochs 5 -> 4", "assumptions"), last.log[0].design
    back = last.log[-1].model_copy(update={"design": first, "edits": edits})
    told = " ".join(
        methods(last.model_copy(update={"log": (*last.log, back)}), trials({"a": [0.5]}), ())
    )
    assert "the design, the seeds and the metric stated before their data. After the" in told
    again = "baseline training.epochs 5 \N{RIGHTWARDS ARROW} 4 (as stated before the data)"
    assert f"changed on {day} ({edit}, {again} and assumptions)." in told
    # Earlier versions logged neither edits nor trials of an earlier design.
    old = last.log[-1].model_copy(update={"edits": None, "variants": (), "time": "9999-01-01T"})
    told = " ".join(
        methods(last.model_copy(update={"log": (last.log[0], old)}), trials({"a": [0.5]}), ())
    )
    assert (
        "the design changed after them. After the first results, the study was changed on " in told
    )


def test_what_was_seen_stays_seen(tmp_path: Path) -> None:
    """Neither another size of the images nor a run that ended no trial makes results unseen."""
    ran(tmp_path, NORM)
    seen = ("baseline", "norm=none")
    assert seen == log_edited(tmp_path, 5, "fashion_mnist_sample")
    assert seen == log_edited(tmp_path, 6, "fashion_mnist_sample")
    assert () == log_edited(tmp_path, 7, "mnist")


def log_edited(folder: Path, epochs: int, data: str) -> tuple[str, ...]:
    """Run an edited study and interrupt it at once; return the variants that its log names."""
    path, config = folder / "fast.yaml", RunConfig(results=folder / "results")
    text = path.read_text(encoding="utf-8").replace(f"epochs: {epochs - 1}", f"epochs: {epochs}")
    path.write_text(text, encoding="utf-8")
    prepared = prepare(read_study(path, Changes(seeds=2)), config)
    # The fingerprint is another one where pictures are read in another size, too.
    changed = tuple(
        trial.model_copy(
            update={
                "settings": {**trial.settings, "data": {**trial.settings["data"], "name": data}},
                "fingerprint": f"{epochs}",
            }
        )
        for trial in prepared.plan.trials
    )
    plan = prepared.plan.model_copy(update={"trials": changed})
    prepared = replace(prepared, plan=plan)
    store = Store(config.results)
    log_preregistration(prepared, read_record(store.root, "fast"), store)
    logged = read_record(store.root, "fast")
    write_record(store, logged.model_copy(update={"study": prepared.study, "plan": plan}))
    return logged.log[-1].variants


def study_with_log(*entries: tuple[dict[str, Claim], tuple[str, ...]]) -> Record:
    """Return a study of two variants whose log has some claims, and variants with trials."""
    log = tuple(
        LogEntry(
            claims={name: claim_hash(claim) for name, claim in claims.items()},
            design="",
            seeds="",
            measure="",
            time="",
            trials=0,
            variants=variants,
        )
        for claims, variants in entries
    )
    base = record([variant("a"), variant("b"), variant("c")], [contrast("b", "a")])
    return base.model_copy(update={"log": log})


def test_a_claim_on_new_variants_is_stated_before_its_data() -> None:
    """Only trials of the variants that it is about count."""
    old, new = (Claim(id=name, variant=name, value=0.9) for name in "bc")
    grown = study_with_log(({"b": old}, ()), ({"b": old, "c": new}, ("a", "b")))
    assert "before its data" == stated(grown, new)
    late = study_with_log(({"b": old}, ()), ({"b": old, "c": new}, ("a", "b", "c")))
    assert "added after" == stated(late, new)


def test_a_claim_stated_after_results_of_some_of_its_variants_names_them() -> None:
    """Its other variants were trained later."""
    claim = Claim(id="c", variant="c", reference="a", effect="higher")
    changed = claim.model_copy(update={"effect": "lower"})
    first = ({"c": claim}, ())
    some = study_with_log(first, ({"c": changed}, ("a", "b")))
    every = study_with_log(first, ({"c": changed}, ("a", "b", "c")))
    assert ["changed after"] * 2 == [stated(late, changed) for late in (some, every)]
    assert ["results of a", ""] == [results_seen(late, changed) for late in (some, every)]
    assert "" == results_seen(some, claim)
    told = [
        " ".join(methods(late.model_copy(update={"study": study}), trials({"a": [0.5]}), ()))
        for late in (some, every)
        for study in [late.study.model_copy(update={"claims": (changed,)})]
    ]
    for words, when in zip(told, ("after results of a", "after them"), strict=True):
        assert f"Claims by the log of this study: 1 changed {when}." in words


def test_quotes_and_defaults_do_not_change_a_claim() -> None:
    """A typing error that is corrected in a quote is no new claim."""
    claim = Claim(id="b", variant="b", value=0.9, quote="nintey")
    assert claim_hash(claim) == claim_hash(claim.model_copy(update={"quote": "ninety"}))
    assert claim_hash(claim) != claim_hash(claim.model_copy(update={"value": 0.8}))


def test_claims_after_the_data_are_shown_apart(tmp_path: Path) -> None:
    """They are not counted, unless they are quotes from a paper."""
    results = fake_study.publish(tmp_path, fake_study.FakeStudy(variants=3, seeds=4, images=200))
    claims = [c.model_copy(update={"quote": c.id}) for c in results.record.study.claims]
    names = tuple(v.name for v in results.record.plan.variants)
    entry = {"design": "", "seeds": "", "measure": "", "time": "", "trials": 12}
    log = (
        LogEntry(claims={}, variants=(), **entry),
        LogEntry(claims={c.id: claim_hash(c) for c in claims}, variants=names, **entry),
    )
    published = results.record.study.model_copy(update={"claims": tuple(claims)})
    unpublished = published.model_copy(update={"paper": None})
    own = tuple(c.model_copy(update={"quote": ""}) for c in claims)
    unquoted = published.model_copy(update={"claims": own})
    for study, counted in ((published, len(claims)), (unquoted, 0), (unpublished, 0)):
        late = results.record.model_copy(update={"log": log, "study": study})
        tables = claim_tables(context_of(replace(results, record=late)))
        shown = [*tables.judged.rows, *tables.not_comparable.rows]
        assert (counted, len(claims) - counted) == (len(shown), len(tables.later.rows))
        assert {"added after"} == {row.mark for row in (*shown, *tables.later.rows)}
    log = (log[0], log[1].model_copy(update={"variants": ("baseline",)}))
    tables = claim_tables(context_of(replace(results, record=late.model_copy(update={"log": log}))))
    alone, both = "added after", "added after results of baseline"
    assert {"accuracy": alone, "batch-norm-helps": both, "parameters": alone}.items() <= {
        row.claim.id: row.mark for row in tables.later.rows
    }.items()


def test_a_study_extended_without_a_plan_says_how_often_it_was_looked_at() -> None:
    """The error of three looks at 5 % each, from 3 to 8 seeds, is about 12 %."""
    looks = tuple(Look(time="", seeds=seeds, trials=0) for seeds in (3, 5, 8))
    study = record([variant("a")]).model_copy(update={"looks": looks})
    [sentence] = [s for s in limitations(study, trials({"a": [0.5]}), ()) if "were seen" in s]
    assert "tested 3 times, with 3, 5 and 8 seeds, over which the error of one" in sentence
    assert "rises from 5.0 % to about 12 %" in sentence
    planned = study.study.model_copy(update={"looks": (3, 5, 8)})
    told = limitations(study.model_copy(update={"study": planned}), trials({"a": [0.5]}), ())
    assert not any("were seen" in sentence for sentence in told)

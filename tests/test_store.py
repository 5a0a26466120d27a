"""The results folder: published trials are whole, and a damaged trial never counts as done."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.report import figure_files
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult, hash_of
from cnn_ablate.store import Store, atomic, read, write_study
from cnn_ablate.store.checksums import damage
from support import fake_study

SMALL = fake_study.FakeStudy(variants=2, seeds=2, images=40, epochs=2)


@pytest.fixture
def study(tmp_path: Path) -> fake_study.Results:
    """A small study, all of it published."""
    return fake_study.publish(tmp_path / "results", SMALL)


def trials(study: fake_study.Results) -> tuple[Trial, ...]:
    """Return the trials of a study."""
    return study.record.plan.trials


def test_published_trials_are_done(study: fake_study.Results) -> None:
    """Published trials are found, and match their checksums."""
    done, notes = Store(study.store.root).done(trials(study))
    assert {trial.id for trial in trials(study)} == done
    assert [] == notes


def test_results_csv_is_tidy(study: fake_study.Results) -> None:
    """One row per trial: identity first, then factors, metrics and compute settings."""
    columns = list(study.trials.columns)
    assert ["study", "profile", "trial", "variant", "seed", "status"] == columns[:6]
    assert {"model.batch_norm", "test_accuracy", "seconds", "precision", "error"} <= set(columns)
    assert 4 == len(study.trials)
    assert study.trials["test_accuracy"].between(0, 1).all()


def test_confusion_counts_every_image(study: fake_study.Results) -> None:
    """The matrix of each trial sums to the test images, and its diagonal to the accuracy."""
    for trial, frame in study.confusion.groupby("trial"):
        hits = frame.loc[frame["true"] == frame["predicted"], "count"].sum()
        accuracy = study.trials.set_index("trial").loc[trial, "test_accuracy"]
        assert 40 == frame["count"].sum()
        assert accuracy == pytest.approx(hits / 40)


def test_reading_gives_what_was_written(study: fake_study.Results) -> None:
    """A study is read back from its record and the folders of its trials."""
    again = read(study.store.root, study.record.study.folder)
    assert study.record == again.record
    for name in ("trials", "epochs", "classes", "confusion"):
        assert getattr(study, name).equals(getattr(again, name))
    first = trials(study)[0].id
    assert np.array_equal(study.predictions(first).label, again.predictions(first).label)


def test_the_record_has_the_compute_settings_of_most_trials(study: fake_study.Results) -> None:
    """Also if the tables were written by a run that trained nothing itself."""
    idle = study.record.model_copy(update={"compute": ComputeConfig(threads=7)})
    written = write_study(study.store, idle)
    assert (
        ComputeConfig()
        == written.record.compute
        == read(study.store.root, idle.study.folder).record.compute
    )


def test_reading_a_study_that_was_never_run(tmp_path: Path) -> None:
    """A study without results is a user error."""
    with pytest.raises(UserError, match="no such study was run"):
        read(tmp_path, "nothing")


def test_failed_trials_are_kept_but_not_done(tmp_path: Path) -> None:
    """A failure keeps its row and its reason, and is tried again."""
    study = fake_study.publish(
        tmp_path, fake_study.FakeStudy(variants=2, seeds=2, images=40, failed=1)
    )
    done, _ = Store(tmp_path).done(trials(study))
    lost = study.trials[study.trials["status"] != "done"]
    assert 3 == len(done)
    assert ["diverged"] == list(lost["status"])
    assert "not finite" in lost["error"].iloc[0]


def test_success_replaces_failure(tmp_path: Path) -> None:
    """A trial that failed and then succeeds is done."""
    shape = fake_study.FakeStudy(variants=2, seeds=2, images=40, failed=1)
    study = fake_study.publish(tmp_path, shape)
    fake_study.publish(tmp_path, replace(shape, failed=0))
    assert {t.id for t in trials(study)} == Store(tmp_path).done(trials(study))[0]


def test_failure_replaces_no_success(study: fake_study.Results) -> None:
    """A trial that is done and whole is kept; a damaged one is replaced by the failure."""
    [trial, *_] = trials(study)
    before = study.store.result(trial)
    failed = TrialResult(trial=trial, status="failed", error="x", compute=ComputeConfig())
    study.store.save_checkpoint(trial, b"state")
    study.store.publish(failed)
    assert before == study.store.result(trial)
    assert None is study.store.checkpoint(trial)
    damaged(study.store.folder(trial) / "predictions.npz", random.Random(1))
    study.store.publish(failed)
    assert failed == study.store.result(trial)


def test_equal_trials_of_other_studies_are_found(study: fake_study.Results) -> None:
    """A trial is known by its content: another study's name for it does not matter."""
    renamed = [
        t.model_copy(update={"id": f"other-{t.id.rpartition('-')[2]}"}) for t in trials(study)
    ]
    done, _ = Store(study.store.root).done(renamed)
    assert {trial.id for trial in renamed} == done


def test_trials_that_other_studies_publish_meanwhile_are_found(study: fake_study.Results) -> None:
    """A store that was read before finds trials that another run publishes under its own name."""
    [trial, *_] = trials(study)
    result, root = study.store.result(trial), study.store.root / "other"
    mine, hashed = Store(root), hash_of(trial.id)
    assert not mine.is_done(trial)
    assert result
    theirs = trial.model_copy(update={"id": f"theirs-{hashed}"})
    Store(root).publish(result.model_copy(update={"trial": theirs}))
    assert mine.is_done(trial)
    assert theirs.id == mine.folder(trial).name
    shutil.rmtree(mine.folder(trial))
    Store(root).publish(result)
    assert mine.is_done(trial)
    assert trial.id == mine.folder(trial).name


def damaged(path: Path, generator: random.Random) -> None:
    """Cut a file short or flip one bit of it."""
    payload = bytearray(path.read_bytes())
    at = generator.randrange(len(payload))
    if generator.random() < 0.5:
        path.write_bytes(payload[:at])
    else:
        payload[at] ^= 1 << generator.randrange(8)
        path.write_bytes(payload)


@pytest.mark.parametrize("cases", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_every_damage_is_found(tmp_path: Path, cases: int) -> None:
    """Truncations and bit flips in any file of a trial are found, reported once, and moved aside.

    Looking for them moves nothing.
    """
    study = fake_study.publish(
        tmp_path / "whole", fake_study.FakeStudy(variants=1, seeds=1, images=20, epochs=1)
    )
    [trial] = trials(study)
    generator = random.Random(0)
    for i in range(cases):
        root = tmp_path / f"copy{i}"
        shutil.copytree(tmp_path / "whole", root)
        files = sorted((root / "trials" / trial.id).iterdir())
        damaged(generator.choice(files), generator)
        before = sorted(root.rglob("*"))
        done, [note] = Store(root).done([trial])
        assert set() == done
        assert note.endswith("it will be trained again.")
        assert before == sorted(root.rglob("*"))
        Store(root).remove_damaged(trial)
        assert not (root / "trials" / trial.id).exists()
        assert 1 == len(list((root / "damaged").iterdir()))
        shutil.rmtree(root)


def test_checksums_cut_by_one_byte_are_broken(study: fake_study.Results) -> None:
    """Even if all checksums can still be read."""
    [trial, *_] = trials(study)
    checksums = study.store.folder(trial) / "DONE"
    checksums.write_bytes(checksums.read_bytes()[:-1])
    assert "DONE is broken" == damage(study.store.folder(trial), trial.key)


@pytest.mark.parametrize("file", ["trial.json", "classes.csv", "predictions.npz"])
def test_damaged_numbers_are_never_shown(study: fake_study.Results, file: str) -> None:
    """No report is written from a file that does not match its checksum."""
    [trial, *_] = trials(study)
    damaged(study.store.folder(trial) / file, random.Random(2))
    with pytest.raises(UserError, match=f"{file}: does not match its checksum"):
        read(study.store.root, study.record.study.folder)


def test_a_damaged_record_is_an_error(study: fake_study.Results) -> None:
    """It is named, and the command that writes it anew."""
    (study.store.root / study.record.study.folder / "study.json").write_text("{}")
    with pytest.raises(UserError, match=r"study\.json: is damaged, or of another version"):
        read(study.store.root, study.record.study.folder)


def test_a_trial_without_its_network_is_whole(study: fake_study.Results) -> None:
    """Statistics and reports need none; a changed network is damage all the same."""
    trial = trials(study)[0].model_copy(update={"key": "f" * 64, "id": f"x-seed0-{12 * 'f'}"})
    result = fake_study.trial_result(trial, fake_study.variants_of(SMALL)[0], SMALL)
    study.store.publish(result.model_copy(update={"weights": b"network"}))
    network = study.store.folder(trial) / "model.pt"
    assert ({trial.id}, []) == study.store.done([trial])
    network.unlink()
    assert ({trial.id}, []) == study.store.done([trial])
    network.write_bytes(b"another")
    _, [note] = study.store.done([trial])
    assert "model.pt does not match its checksum" in note


def test_checkpoints_are_whole_or_nothing(study: fake_study.Results) -> None:
    """A checkpoint is read as it was saved; a damaged one counts as missing."""
    [trial, *_] = trials(study)
    store = study.store
    store.save_checkpoint(trial, b"state one")
    store.save_checkpoint(trial, b"state two")
    assert b"state two" == store.checkpoint(trial)
    path = next(store.checkpoints.iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    assert None is store.checkpoint(trial)
    store.drop_checkpoint(trial)
    assert None is store.checkpoint(trial)


def test_publishing_drops_the_checkpoint(study: fake_study.Results) -> None:
    """A trial that has ended has nothing to resume."""
    [trial, *_] = trials(study)
    study.store.save_checkpoint(trial, b"state")
    result = study.store.result(trial)
    assert isinstance(result, TrialResult)
    study.store.publish(result)
    assert None is study.store.checkpoint(trial)


@pytest.mark.parametrize(
    ("hint", "put"),
    [
        ("", lambda path: atomic.replace_file(path, b"", path.parent)),
        ("", lambda path: figure_files.replace(path, b"")),
        ("What is done is kept.", lambda path: Store(path).replace(path, b"")),
    ],
)
def test_only_the_store_mentions_that_trials_are_kept(
    tmp_path: Path, hint: str, put: Callable[[Path], None]
) -> None:
    """The error of a figure or a list of predictions does not mention training."""
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written") as fault:
        put(tmp_path / "file" / "another")
    assert hint == fault.value.hint


def test_a_failed_publish_leaves_the_old_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a file cannot be replaced, its old bytes are kept and no scratch is left."""
    path, scratch = tmp_path / "file", tmp_path / "scratch"
    atomic.replace_file(path, b"old", scratch)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="file: cannot be written: No space left on device"):
        atomic.replace_file(path, b"new", scratch)
    assert b"old" == path.read_bytes()
    assert [] == list(scratch.iterdir())

"""Images and code that have changed since a run: `run` names them, and what it trains again."""

from pathlib import Path

import pytest

from cnn_ablate.cli.changed_inputs import changed_code, changes_in
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.run_record import study_record
from cnn_ablate.study import read_study
from support import data_files
from support.audit import NETWORK, USERS, changed
from support.cli_study import program
from support.custom_study import write

OWN = changed(
    USERS,
    (
        "{name: fashion_mnist_sample, subset: 200, test_subset: 100}",
        "{name: image_folder, path: pets}",
    ),
    ("epochs: 3", "epochs: 1"),
    ("seeds: 6", "seeds: 2"),
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study of pictures and of a network of the user's own."""
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "cache"))
    data_files.folder(tmp_path / "pets", ["cat", "dog"])
    return write(tmp_path, OWN).parent


def prepared(folder: Path) -> Prepared:
    """Prepare the study of a folder."""
    return prepare(read_study(folder / "tiny.yaml"), RunConfig(results=folder / "results"))


def test_changed_images_are_named(own: Path) -> None:
    """A picture that was replaced changes its data set, one that was written again does not."""
    picture = own / "pets" / "train" / "cat" / "0000.png"
    record = study_record(prepared(own), "cpu", "")
    picture.rename(picture.with_name("0000b.png"))
    picture.with_name("0000b.png").rename(picture)
    assert [] == changes_in(record, prepared(own))

    data_files.picture(picture, seed=99)
    assert ["images of pets"] == changes_in(record, prepared(own))


def test_changed_code_is_seen_without_importing_it(own: Path) -> None:
    """Code that cannot be imported has changed as well; code that is not here is left out."""
    path, record = own / "tiny.yaml", study_record(prepared(own), "cpu", "")
    assert "" == changed_code(record, path)
    (own / "nets.py").write_text("no code", encoding="utf-8")
    assert "The code of nets:Net has changed" == changed_code(record, path)
    (own / "nets.py").unlink()
    assert "" == changed_code(record, path)


@pytest.mark.slow
def test_a_run_names_what_has_changed_beside_the_study_file(own: Path) -> None:
    """Trials of before are kept; once the same pictures are back, nothing is trained again."""
    command = ("run", "tiny.yaml", "--compute", "eager", "--no-audit", "--no-pictures")
    code, _, err = program(*command, cwd=own)
    assert (0, False) == (code, "since the last run" in err), err

    kept = "Not needed any more, but kept: 2 trials of the last run.\n"
    picture = own / "pets" / "train" / "cat" / "0000.png"
    before = picture.read_bytes()
    data_files.picture(picture, seed=99)
    _, _, err = program(*command, cwd=own)
    again = "Changed since the last run: images of pets; 2 trials to train again.\n"
    assert f"{again}{kept}" in err

    picture.write_bytes(before)
    _, _, err = program(*command, cwd=own)
    assert f"Changed since the last run: images of pets.\n{kept}" in err
    assert "2 are done, 0 to train." in err

    write(own, OWN, f"{NETWORK}\n# a comment\n")
    named = "The code of nets:Net has changed since the last run: a run trains its trials again.\n"
    assert named in program("status", "tiny.yaml", cwd=own)[1]

    write(own, OWN.replace("seeds: 2", "seeds: 3"), f"{NETWORK}\n# another comment\n")
    edited = "Edited since the last run: seeds 2 -> 3 and code of nets:Net.\n"
    assert edited in program("status", "tiny.yaml", cwd=own)[1]
    _, _, err = program(*command, cwd=own)
    assert "Changed since the last run: code of nets:Net; 2 trials to train again.\n" in err

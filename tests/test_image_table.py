"""Pictures whose classes are in a CSV file."""

from pathlib import Path

import pytest

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from support import data_files
from support.cli_study import call
from support.data_files import refused

TABLE = DATASETS["image_table"]


def listed(root, text, *, count=4):
    """Write a table beside some pictures a/0.png, b/0.png, a/1.png ... below the root."""
    for number in range(count):
        for label, name in enumerate("ab"):
            data_files.picture(root / "cells" / name / f"{number}.png", seed=10 * number + label)
    (root / "cells" / "labels.csv").write_text(text, encoding="utf-8")
    return root


def rows(count=4, *, header="file,label", separator=","):
    """Return the text of a table of these pictures."""
    lines = [f"{name}/{n}.png{separator}{name}y" for n in range(count) for name in "ab"]
    return "\n".join([header.replace(",", separator), *lines]) + "\n"


def options(**knobs):
    """Return the options of the table."""
    return TABLE(table="cells/labels.csv", **knobs)


def test_a_table_reads_as_the_same_pictures_in_folders(root):
    """The same pixels, classes and division; only the classes have other names."""
    listed(root, rows())
    table = load(options(test_fraction=0.25), root)
    (root / "cells" / "labels.csv").unlink()
    folder = load(DATASETS["image_folder"](path="cells", test_fraction=0.25), root)

    assert ("ay", "by") == table.facts.classes
    assert folder.train_names == table.train_names
    assert folder.train.equal(table.train)
    assert folder.train_labels.equal(table.train_labels)
    assert folder.test.equal(table.test)


def test_columns_separators_and_marks_are_those_of_the_file(root):
    """Semicolons, a byte order mark, other names, and classes by number: 2 before 10."""
    text = rows(header="picture,kind", separator=";").replace("ay", "10").replace("by", "2")
    listed(root, "\ufeff" + text)
    images = load(options(image="picture", label="kind"), root)

    assert ("2", "10") == images.facts.classes
    assert 8 == images.facts.train + images.facts.test


def test_a_column_divides(root):
    """Pictures for validation are not used, which the facts say; other words are refused."""
    halves = ["train", "Train", "train", "test", "test", "test", "val", "train"]
    lines = rows().splitlines()
    text = [f"{lines[0]},part", *(f"{a},{b}" for a, b in zip(lines[1:], halves, strict=True))]
    listed(root, "\n".join(text))
    images = load(options(split="part"), root)

    assert (4, 3) == (images.facts.train, images.facts.test)
    assert ("b/0.png", "a/1.png") == (images.train_names[1], images.train_names[2])
    assert "Not used: 1 pictures for validation." == images.facts.note
    wrong = (root / "cells" / "labels.csv").read_text().replace(",val", ",spare")
    (root / "cells" / "labels.csv").write_text(wrong)
    message = refused(load, options(split="part"), root)
    assert message.endswith("labels.csv, line 8: expected train or test, not 'spare'.")


def test_a_changed_label_is_other_data(root):
    """Though the pictures are the same, and so is the number of each class."""
    listed(root, rows())
    before = load(options(), root).facts.fingerprint
    swapped = rows().replace("a/1.png,ay", "a/1.png,by").replace("b/1.png,by", "b/1.png,ay")
    listed(root, swapped)

    assert before != load(options(), root).facts.fingerprint


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "unknown column 'file'. Known: ."),
        ("file,label\n", "has no rows."),
        ("file,lable\na/0.png,x\n", "unknown column 'label'. Did you mean 'lable'?"),
        ("file,label\na/0.png\n", ", line 2: has no label."),
        ("file,label\n,x\n", ", line 2: has no file."),
        ("file,label\na/0.png,x\n\na/0.png,y\n", ", line 4: 0.png is also in line 2."),
        ("file,label\na/0.png,x\na/9.png,x\nz.png,x\n", "2 of 3 pictures are not there: "),
        ("file,label\na/0.png,x\na/1.png,x\nb/0.png,y\n", "is the only picture of class 'y'"),
    ],
)
def test_a_table_with_a_fault_is_one_sentence(root, text, complaint):
    """With the line, or the names."""
    listed(root, text)
    assert complaint in refused(load, options(), root)


def test_a_missing_table_names_the_place_to_put_it(tmp_path, monkeypatch):
    """Beside the study, or below a data root."""
    monkeypatch.chdir(tmp_path)
    message = refused(load, TABLE())
    assert "not found: looked for labels.csv in " in message
    assert message.endswith(f"Put the table at {tmp_path}/labels.csv, or set data.table.")


def test_a_study_of_a_table_plans(tmp_path: Path) -> None:
    """Through the command line, with the table beside the study."""
    listed(tmp_path, rows())
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline:\n"
        "  data: {name: image_table, table: cells/labels.csv, normalize: training}\n"
        "  model: {name: lenet}\n"
        "seeds: 1\n"
    )
    code, printed, _ = call("plan", "s.yaml", cwd=tmp_path)
    assert 0 == code
    assert "61,326" in printed  # parameters of LeNet for two classes in colour

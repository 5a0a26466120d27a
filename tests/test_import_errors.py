"""Tables that cannot be imported: one sentence with the row, and nothing is imported."""

import sqlite3
from pathlib import Path

import pytest

from support.cli_study import call

STUDY = """\
study: elsewhere
baseline: {lr: 0.01, model: {norm: batch, se: true}, epochs: 20}
trainer: external
factors:
  lr: [0.01, 0.1]
  model.norm: [batch, none]
seeds: 2
"""
GOOD = """\
lr,norm,seed,test_accuracy
0.01,batch,0,0.90
0.01,batch,1,0.91
0.1,batch,0,0.80
0.1,batch,1,0.82
0.01,none,0,0.85
0.01,none,1,0.86
"""
BY_NAME = "variant,seed,test_accuracy\nbaseline,0,0.9\nlr=0.1,0,0.8\n"


def changed(old: str, new: str, text: str = GOOD) -> bytes:
    """Return a table with a part replaced."""
    assert old in text
    return text.replace(old, new).encode()


# What is wrong: the file, its content, further options, and the beginning of the message.
FAULTS: dict[str, tuple[str, bytes, list[str], str]] = {
    "per cent": (
        "t.csv",
        changed("0.80", "80.1"),
        [],
        "t.csv, line 4: test_accuracy is 80.1; it is a fraction, from 0 to 1. If the table is in "
        "per cent, add --percent.",
    ),
    "no per cent": (
        "t.csv",
        GOOD.encode(),
        ["--percent"],
        "--percent: no accuracy is above 0.91, so they are no per cent. Leave it out.",
    ),
    "double row": (
        "t.csv",
        (GOOD + "0.1,batch,1,0.82\n").encode(),
        [],
        "t.csv, line 8: seed 1 of lr=0.1 is given twice. It is in t.csv, line 5 too.",
    ),
    "contradicting row": (
        "t.csv",
        (GOOD + "0.1,batch,1,0.83\n").encode(),
        [],
        "t.csv, line 8: seed 1 of lr=0.1 is given twice, with other numbers.",
    ),
    "unknown variant": (
        "t.csv",
        changed("lr=0.1,", "lr=0.2,", BY_NAME),
        [],
        "t.csv, line 3: unknown variant 'lr=0.2'. Did you mean 'lr=0.1'?",
    ),
    "unknown level": (
        "t.csv",
        changed("0.01,none,0", "0.01,group,0"),
        [],
        "t.csv, line 6: unknown level of model.norm 'group'. Known: batch, none.",
    ),
    "not in the design": (
        "t.csv",
        changed("0.01,none,0", "0.1,none,0"),
        [],
        "t.csv, line 6: the study has no variant with lr = 0.1, model.norm = none. Choose",
    ),
    "unknown seed": (
        "t.csv",
        changed("0.1,batch,1", "0.1,batch,7"),
        [],
        "t.csv, line 5: '7' is no seed of lr=0.1. The study has 0 and 1.",
    ),
    "seed in words": ("t.csv", changed("none,1,", "none,one,"), [], "t.csv, line 7: 'one' is no"),
    "empty seed": (
        "t.csv",
        changed("none,1,", "none,,"),
        [],
        "t.csv, line 7: the seed is missing.",
    ),
    "no column of seeds": (
        "t.csv",
        changed("seed", "run"),
        [],
        "t.csv: has no column 'seed'. Say which it is: --map COLUMN=seed.",
    ),
    "no column of variants": (
        "t.csv",
        changed("lr,norm,seed", "a,b,seed"),
        [],
        "t.csv: has neither a column 'variant' nor one of a factor of the study. Factors: lr, mo",
    ),
    "text as number": (
        "t.csv",
        changed("0.80", "good"),
        [],
        "t.csv, line 4: test_accuracy: expected a number, got 'good'.",
    ),
    "no number": (
        "t.csv",
        changed(",0.80", ","),
        [],
        "t.csv, line 4: the metric 'test_accuracy' of the study is missing.",
    ),
    "no metric": (
        "t.csv",
        changed("test_accuracy", "score"),
        [],
        "t.csv, line 2: the metric 'test_accuracy' of the study is missing. There is score.",
    ),
    "not a number": (
        "t.csv",
        changed("0.80", "nan"),
        [],
        "t.csv, line 4: test_accuracy is nan. Say what became of the trial in a column 'status'",
    ),
    "unknown status": (
        "t.csv",
        b"variant,seed,test_accuracy,status\nbaseline,0,0.9,lost\n",
        [],
        "t.csv, line 2: unknown status 'lost'. Known: diverged, done, failed.",
    ),
    "one column twice": (
        "t.csv",
        changed("norm", "lr"),
        [],
        "two columns are called 'lr'.",
    ),
    "two answers": (
        "t.csv",
        b"variant,lr,seed,test_accuracy\nlr=0.1,0.01,0,0.9\n",
        [],
        "t.csv, line 2: lr is '0.01', but variant lr=0.1 has 0.1.",
    ),
    "another constant": (
        "t.csv",
        changed("lr,norm,seed", "lr,epochs,seed").replace(b"batch", b"20").replace(b"none", b"30"),
        [],
        "t.csv, line 2: it could be baseline and norm=none.",
    ),
    "ragged row": ("t.csv", changed("0.80", "0.80,1,2"), [], "cannot be read: Error tokenizing"),
    "nothing": ("t.csv", b"", [], "cannot be read: No columns to parse from file."),
    "header alone": ("t.csv", b"variant,seed,test_accuracy\n", [], "has no rows."),
    "no text": ("t.csv", b"lr,seed\n\xff\xfe,1\n", [], "not a text file: byte"),
    "no such file": ("other.csv", b"", [], "no such file."),
    "bad line": ("t.jsonl", b'{"seed": 0}\nseed 1\n', [], "t.jsonl, line 2: not JSON: "),
    "no mappings": ("t.jsonl", b"1\n2\n", [], "expected one mapping of names to values per line."),
    "no parquet": ("t.parquet", b"PAR1", [], "t.parquet: "),
    "no folder of Hydra": ("folder", b"", [], "holds no run of Hydra"),
    "not MLflow": ("t.db", b"", [], "is no store of MLflow: no such table: params."),
    "unknown column": (
        "t.csv",
        GOOD.encode(),
        ["--map", "rate=lr"],
        "--map rate=lr: unknown column 'rate'. Known: lr, norm, seed, test_accuracy.",
    ),
    "no pair": ("t.csv", GOOD.encode(), ["--map", "rate"], "--map rate: expected column=key."),
}


def write(folder: Path, name: str, content: bytes) -> Path:
    """Write a study and a table to import into it; return the path of the table."""
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    path = folder / name
    if name == "folder":
        path.mkdir()
    elif name.endswith(".db"):
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE runs (a)")
        connection.close()
    elif name != "other.csv":
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("fault", FAULTS)
def test_one_sentence(tmp_path: Path, fault: str) -> None:
    """The program exits with 1, names the row, and imports nothing."""
    name, content, options, message = FAULTS[fault]
    path = write(tmp_path, name, content)

    code, _, err = call("import", "study.yaml", path.name, *options, cwd=tmp_path)

    assert (1, True) == (code, message in err), err
    assert not (tmp_path / "results").exists()


def test_a_million_wrong_rows_are_named_by_the_first(tmp_path: Path) -> None:
    """Twenty errors say enough."""
    rows = b"variant,seed,test_accuracy\n" + b"nothing,0,0.5\n" * 10
    rows += b"".join(b"v%d,0,0.5\n" % i for i in range(1_000_000))
    write(tmp_path, "t.csv", rows)

    code, _, err = call("import", "study.yaml", "t.csv", cwd=tmp_path)

    assert 1 == code
    assert 22 >= len(err.splitlines())


def test_a_study_with_a_command_takes_no_table(tmp_path: Path) -> None:
    """Its trials are those that the command trains."""
    path = write(tmp_path, "t.csv", GOOD.encode())
    command = 'trainer: {command: [python, "{seed}", "{out}", "{lr}", "{model.norm}"]}'
    study = (tmp_path / "study.yaml").read_text().replace("trainer: external", command)
    (tmp_path / "study.yaml").write_text(study)

    code, _, err = call("import", "study.yaml", path.name, cwd=tmp_path)

    assert 1 == code
    assert "takes no results from elsewhere. Write `trainer: external` into the study." in err


def test_a_study_of_imported_trials_cannot_be_run_before(tmp_path: Path) -> None:
    """There is no command to run."""
    write(tmp_path, "t.csv", GOOD.encode())

    code, _, err = call("run", "study.yaml", cwd=tmp_path)

    assert 1 == code
    assert "are trained elsewhere, and none is imported. Import them with" in err

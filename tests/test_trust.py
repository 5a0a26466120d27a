"""Code runs only where it is trusted: no study runs a command, and no results import code."""

import hashlib
import inspect
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import cnn_ablate
from cnn_ablate.custom.trusted_code import ALLOWED
from cnn_ablate.errors import UserError
from cnn_ablate.store import read_record
from cnn_ablate.study import read_study
from support import cli_study, fast_study
from support.audit import NETWORK
from support.restart_python import restart_python

pytestmark = [pytest.mark.slow, fast_study.allow_fork]
COMMAND = "touch pwned"
MODEL = {"name": "lenet"}
DATA = {"name": "fashion_mnist_sample", "subset": 40, "test_subset": 20}
# What runs a command, reads a file, opens a connection or a shell when it is called.
NAMES = {
    "a shell": {"name": "subprocess:getoutput", "cmd": COMMAND},
    "a system call": {"name": "os:system", "command": COMMAND},
    "a built-in module": {"name": "posix:system", "command": COMMAND},
    "an expression": {"name": "builtins:eval", "source": f"__import__('os').system('{COMMAND}')"},
    "another program": {"name": "runpy:run_path", "path_name": "payload.py"},
    "a terminal": {"name": "pty:spawn", "argv": ["touch", "pwned"]},
    "a removal": {"name": "shutil:rmtree", "path": "precious"},
    "torch's hub": {"name": "torch.hub:load", "repo_or_dir": ".", "model": "x", "source": "local"},
    "a module in an open package": {"name": "torchvision.models:os"},
    "a helper of an open package": {
        "name": "torchvision.datasets.utils:extract_archive",
        "from_path": "x.zip",
    },
    "a name that an open package imports": {
        "name": "torchvision.models._utils:IntermediateLayerGetter"
    },
    "a link out of the folder": {"name": "linked:getoutput", "cmd": COMMAND},
    "this program": {"name": "cnn_ablate.cli.app:main"},
}
PLACES = ("model", "data", "augment", "level", "profile")
COMMANDS = ("plan", "audit", "explain", "run", "status", "report")


def hostile(folder: Path, entry: dict[str, object], place: str) -> Path:
    """Write a study that names an entry at a place, and what it is aimed at."""
    (folder / "precious").mkdir()
    (folder / "payload.py").write_text("open('pwned', 'w')")
    (folder / "posix.py").write_text("")
    (folder / "linked.py").symlink_to(subprocess.__file__)
    baseline = {"data": {**DATA}, "model": {**MODEL}, "training": {"epochs": 1, "batch_size": 20}}
    study: dict[str, object] = {"study": "hostile", "baseline": baseline, "seeds": 2}
    if place == "augment":
        baseline["data"]["augment"] = [entry]
    elif place in baseline:
        baseline[place] = entry
    keys = {f"model.{key}": value for key, value in entry.items()}
    if place == "level":
        study["factors"] = {"net": {"plain": {}, "evil": keys}}
    if place == "profile":
        study["profiles"] = {"evil": keys}
    path = folder / "hostile.yaml"
    path.write_text(json.dumps(study))
    return path


@pytest.mark.parametrize("kind", NAMES)
def test_no_study_runs_a_command(tmp_path: Path, kind: str) -> None:
    """Whichever command reads it, and wherever it stands: one sentence, and nothing is touched."""
    for place in PLACES:
        folder = tmp_path / place
        folder.mkdir()
        hostile(folder, NAMES[kind], place)
        before = sorted(folder.rglob("*"))
        for command in COMMANDS if place == "model" else COMMANDS[:1]:
            words = {"explain": ("baseline",), "run": ("--workers", "1")}.get(command, ())
            extra = ("--profile", "evil") if place == "profile" else ()
            code, _, err = cli_study.call(command, "hostile.yaml", *words, *extra, cwd=folder)
            assert 1 == code, (place, command, err)
            assert "bug" not in err
        assert before == sorted(folder.rglob("*"))
        restart_python()


def written(folder: Path, **model: object) -> Path:
    """Write a study with one network."""
    text = {"study": "small", "baseline": {"data": DATA, "model": model}, "seeds": 2}
    (folder / "small.yaml").write_text(json.dumps(text))
    return folder / "small.yaml"


def test_a_refused_package_names_the_option(tmp_path: Path) -> None:
    """With it, the package is imported."""
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "installed_nets.py").write_text(NETWORK)
    path = written(tmp_path, name="installed_nets:Net")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.delenv(ALLOWED, raising=False)
        with pytest.raises(ExceptionGroup) as refused:
            read_study(path)
        [error] = refused.value.exceptions
        assert str(error).endswith(
            "installed_nets:Net: is neither below the study's folder nor below the current one. "
            "--allow installed_nets imports an installed package that you trust."
        )
        patch.setenv(ALLOWED, "other, installed_nets")
        assert "installed_nets:Net" == read_study(path).baseline["model"]["name"]
        patch.setenv(ALLOWED, "other")
        restart_python()
        code, _, err = cli_study.call(
            "plan", "small.yaml", "--allow", "installed_nets", cwd=tmp_path
        )
        assert 0 == code, err


@pytest.mark.parametrize("name", ["torchvision.models:resnet18", "torchvision.models:AlexNet"])
def test_networks_of_open_packages_are_built(tmp_path: Path, name: str) -> None:
    """Classes of networks, and functions that say that they return one."""
    assert name == read_study(written(tmp_path, name=name)).baseline["model"]["name"]


def run_own(folder: Path, name: str, network: str, cwd: Path) -> None:
    """Run a study in a folder, of one trial, with a network of one's own beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "nets.py").write_text(network)
    study = {
        "study": name,
        "baseline": {
            "data": DATA,
            "model": {"name": "nets:Net"},
            "training": {"epochs": 1, "batch_size": 20},
        },
        "seeds": 1,
    }
    (folder / "own.yaml").write_text(json.dumps(study))
    words = ("run", folder / "own.yaml", "--workers", "1", "--no-audit", "--no-pictures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_study.fork_server, "_METHOD", "fork")
        code, _, err = cli_study.call(*words, cwd=cwd)
    assert 0 == code, err
    restart_python()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a network of one's own for one trial, and return its folder."""
    folder = tmp_path_factory.mktemp("trained")
    run_own(folder, "own", NETWORK, folder)
    return folder


def doctored(trained: Path, folder: Path, entry: dict[str, object]) -> Path:
    """Copy results so that their trial names other code, with right checksums."""
    shutil.copytree(trained / "results", folder / "results")
    [trial] = (folder / "results" / "trials").iterdir()
    said = json.loads((trial / "trial.json").read_text())
    digest = hashlib.sha256(Path(subprocess.__file__).read_bytes()).hexdigest()
    said["trial"]["settings"]["model"] = {**entry, "sha256": digest}
    (trial / "trial.json").write_text(json.dumps(said, indent=1) + "\n")
    sums = json.loads((trial / "DONE").read_text())
    sums["trial.json"] = hashlib.sha256((trial / "trial.json").read_bytes()).hexdigest()
    (trial / "DONE").write_text(json.dumps(sums, indent=1) + "\n")
    return trial


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("kind", NAMES)
def test_no_results_run_a_command(trained: Path, tmp_path: Path, kind: str, *, trust: bool) -> None:
    """Also with --trust-code, code is searched as that of a study is."""
    (tmp_path / "posix.py").write_text("")
    (tmp_path / "linked.py").symlink_to(subprocess.__file__)
    (tmp_path / "pictures").mkdir()
    trial = doctored(trained, tmp_path, NAMES[kind])
    before = sorted(tmp_path.rglob("*"))
    extra = ("--trust-code",) if trust else ()
    words = ("predict", trial.name, "pictures", "-o", "x.csv", *extra)
    code, _, err = cli_study.call(*words, cwd=tmp_path)
    assert 1 == code
    assert "bug" not in err
    for command in ("report", "compare", "status", "export"):
        more = {"compare": ("own",), "export": ("-o", "t.csv")}.get(command, ())
        assert 0 == cli_study.call(command, "own", *more, cwd=tmp_path)[0]
    made = {tmp_path / "reports", tmp_path / "t.csv"}
    after = {p for p in tmp_path.rglob("*") if not made & {p, *p.parents}}
    assert set(before) == after


def test_ones_own_network_is_loaded_when_it_is_trusted(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that, the sentence names the option, and nothing is imported."""
    monkeypatch.chdir(trained)
    [trial] = (trained / "results" / "trials").iterdir()
    with pytest.raises(UserError, match="named in the results, which only --trust-code imports"):
        cnn_ablate.load_model(trial)
    assert cnn_ablate.load_model(trial, trust_code=True) is not None


def test_the_folder_of_a_module_is_remembered_with_its_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two modules of one name, each trial's own is found, also after the study was removed."""
    monkeypatch.chdir(tmp_path)
    networks = {"A": NETWORK, "B": NETWORK.replace("torch.relu", "torch.tanh")}
    for name, network in networks.items():
        run_own(tmp_path / name, f"study_{name}", network, tmp_path)
    for name, other in (("A", "relu"), ("B", "tanh")):
        [trial] = read_record(Path("results"), f"study_{name}").plan.trials
        shutil.rmtree(tmp_path / "results" / f"study_{name}")
        network = cnn_ablate.load_model(trial.id, trust_code=True)
        source = Path(inspect.getfile(type(network)))
        assert tmp_path / name / "nets.py" == source
        assert f"torch.{other}" in source.read_text()
        restart_python()

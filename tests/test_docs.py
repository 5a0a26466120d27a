"""The documentation: every code block runs, and generated pages are up to date."""

import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cnn_ablate.audit import CHECKS
from cnn_ablate.cli import app
from cnn_ablate.study import read_study
from support.fast_study import STUDY, allow_fork, fork_workers

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LANGUAGES = {"sh", "yaml", "python", "text", ""}

# Commands that no test runs, and why.
NOT_RUN = {
    "make reproduce": "trains for hours",
    "cnn-ablate run lenet_cifar": "trains for hours",
    "pip install .": "continuous integration installs and runs the wheel",
    "pip install 'cnn-ablate[ray]'": "continuous integration does it",
    "cnn-ablate run examples/script/study.yaml": "test_script_examples.py runs it",
    "cnn-ablate run first.yaml --executor ray": "starts Ray; the Ray tests do that",
    "export RAY_AUTH_MODE": "changes the shell that starts Ray",
    "ray start": "starts a cluster that keeps running",
    "sbatch": "needs Slurm",
    "rsync": "may not be installed",
    "kubectl": "needs Kubernetes",
    "cnn-ablate data fetch cifar10": "downloads; the download tests do that",
    "cnn-ablate run first.yaml --track mlflow": "MLflow is a large package",
    "cnn-ablate run first.yaml --device cuda": "needs a GPU",
    "cnn-ablate run first.yaml --smoke --device cuda": "needs a GPU",
}
# Blocks that show printed messages.
NOT_CODE = ("$ cnn-ablate init",)

__all__ = ["fork_workers"]
pytestmark = allow_fork


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the blocks of a language, each with its page."""
    return [
        (page.name, code)
        for page in PAGES
        for kind, code in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> list[str]:
    """Return every command once, in the order of the pages, without its comment."""
    lines = [line for _, code in blocks("sh") for line in code.splitlines()]
    return list(dict.fromkeys(line.partition(" #")[0].strip() for line in lines if line))


def is_run(command: str) -> bool:
    """Return whether a command can run here."""
    return not any(command.startswith(start) for start in NOT_RUN)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the studies and images that the commands of the pages name."""
    folder = tmp_path_factory.mktemp("docs")
    tiny = STUDY.replace("epochs: 4", "epochs: 1")
    for name in ("first", "my_ablation", "section_4"):
        text = tiny.replace("study: fast", f"study: {name}")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    rng = np.random.default_rng(0)
    for name in ("FOLDER", "pictures/cat", "pictures/dog"):
        (folder / name).mkdir(parents=True)
        for number in range(5):
            pixels = rng.integers(0, 256, (40, 30, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    for name, text in modules():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def test_every_block_says_what_it_is() -> None:
    """A block is shell, YAML, Python, or printed text."""
    kinds = {kind for page in PAGES for kind, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}

    assert kinds <= LANGUAGES
    assert all(code.startswith(NOT_CODE) for _, code in blocks(""))


def test_what_is_not_run_stands_on_a_page() -> None:
    """Every exception is still needed."""
    used = {start for start in NOT_RUN for command in commands() if command.startswith(start)}

    assert set(NOT_RUN) == used


@pytest.mark.slow
def test_commands_run(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the pages succeeds, in the order of the pages."""
    monkeypatch.chdir(shelf)
    for command in filter(is_run, commands()):
        program, *words = shlex.split(command)
        if program == "cp":
            shutil.copytree(*words[1:])
            continue
        assert "cnn-ablate" == program, command
        done = drafted(shelf, words) if words[0] == "init" else CliRunner().invoke(app, words)
        assert 0 == done.exit_code, f"{command}: {done.output} {done.exception!r}"
    page = (shelf / "reports" / "pets" / "report.html").read_text(encoding="utf-8")
    assert "Ablation of MyNet on pictures" in page


def drafted(shelf: Path, words: list[str]) -> Result:
    """Call `init`; shorten the study it writes, or keep the tiny study of that name."""
    path = shelf / words[1]
    tiny = path.read_text(encoding="utf-8") if path.exists() else ""
    path.unlink(missing_ok=True)
    done = CliRunner().invoke(app, words)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    cut = re.sub(r"epochs: \d+", "epochs: 1", text).replace("seeds: 8", "seeds: 2")
    path.write_text(tiny or cut, encoding="utf-8")
    return done


BASE = """\
study: block
baseline:
  data: {name: fashion_mnist_sample}
  model: {name: lenet, norm: batch}
"""
FACTORS = """\
factors:
  model.norm: [batch, none]
  data.augment: {none: [], crop: [random_crop], both: [random_crop, horizontal_flip]}
  recipe: {sgd: {}, adam: {optimizer.name: adam}}
"""


def modules() -> Iterator[tuple[str, str]]:
    """Return the modules that pages show, by the name in their first line."""
    for _, code in blocks("python"):
        first = code.partition("\n")[0]
        if named := re.fullmatch(r"# (\w+\.py)", first):
            yield named[1], code


@pytest.mark.parametrize(("page", "code"), blocks("yaml"))
def test_studies_can_be_read(tmp_path: Path, page: str, code: str) -> None:
    """A block is a whole study, or a part of one that fits the study of its page."""
    for name, text in modules():
        (tmp_path / name).write_text(text, encoding="utf-8")
    whole = "study:" in code
    factors = "" if whole or "factors:" in code else FACTORS
    path = tmp_path / f"{page}.yaml"
    path.write_text(code if whole else BASE + factors + code, encoding="utf-8")

    assert read_study(path).baseline


def scripts() -> list[tuple[str, str]]:
    """Return the Python blocks that are not modules."""
    return [(page, code) for page, code in blocks("python") if not code.startswith("# ")]


@pytest.mark.parametrize(("page", "code"), scripts())
def test_scripts_run(shelf: Path, monkeypatch: pytest.MonkeyPatch, page: str, code: str) -> None:
    """A script of a page runs as the main program."""
    monkeypatch.chdir(shelf)
    path = shelf / f"{page}.py"
    path.write_text(code, encoding="utf-8")

    assert "__main__" == runpy.run_path(str(path), run_name="__main__")["__name__"]


def test_the_study_of_own_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network, data set and augmentation of the page work together."""
    for name, text in modules():
        (tmp_path / name).write_text(text, encoding="utf-8")
    [text] = [code for page, code in blocks("yaml") if page == "own.md"]
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["run", "own.yaml", "--seeds", "1", "--no-audit"])

    assert 0 == done.exit_code, done.output


def test_every_kind_of_finding_is_explained() -> None:
    """The page lists what the audit reports before training, and the checks after it."""
    page = (DOCS / "audit.md").read_text(encoding="utf-8")
    sources = (ROOT / "cnn_ablate" / "checks").glob("*.py")
    checks = [re.findall(r'kind="([^"]+)"', file.read_text(encoding="utf-8")) for file in sources]

    assert [] == [kind for kind in CHECKS if f"\n### {kind}\n\n> " not in page]
    assert [] == [kind for kinds in checks for kind in kinds if f"| `{kind}` |" not in page]


def test_the_reference_is_up_to_date() -> None:
    """The committed page matches the current classes."""
    made = runpy.run_path(str(DOCS / "make_reference.py"))

    assert made["page"]() == (DOCS / "reference.md").read_text(encoding="utf-8")


def test_the_pictures_of_designs_are_up_to_date() -> None:
    """The committed pictures match the current designs."""
    for path, drawn in runpy.run_path(str(DOCS / "draw_designs.py"))["pictures"]().items():
        assert drawn == path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every file that a page links to exists."""
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]

    assert [] == [link for link in links if not (page.parent / link).exists()]

"""The pages of a report, as readers, browsers and TeX take them."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cnn_ablate.analysis import analyse
from cnn_ablate.report import escaping, write
from cnn_ablate.report.write_report import write_pages
from support import fake_study
from support.report_context import content_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4, "classes": CLASSES}
WICKED = '<script>alert("1")</script> & 100 % of $x_1$ | a\\b ~ #{y}^2 `c` *d*'


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small study that is complete."""
    return fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    """The report of that study, with LaTeX."""
    return write(analyse(results), tmp_path_factory.mktemp("reports"), latex=True)


class Elements(HTMLParser):
    """All elements of a page with their attributes, and a list of those left open."""

    VOID = frozenset({"meta", "link", "br", "wbr", "img", "input", "hr", "path", "use", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note an element, and that it is open."""
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an element that closes itself."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Check that the element that closes is the last that was opened."""
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def named(self, tag):
        """Give the attributes of all elements of a tag."""
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def elements(page):
    """The elements of the page."""
    return Elements(page.read_text(encoding="utf-8"))


def test_page_needs_no_network(page, elements):
    """Nothing in the page points elsewhere, and its policy forbids to load anything."""
    links = [
        value
        for _, attributes in elements.found
        for name, value in attributes.items()
        if name in {"src", "href", "xlink:href", "action", "srcset"}
    ]
    policies = [meta["content"] for meta in elements.named("meta") if "http-equiv" in meta]

    assert all(link.startswith(("#", "data:")) for link in links)
    assert "default-src 'none'" in policies[0]
    assert not re.search(r"url\((?!#)|@import", page.read_text(encoding="utf-8"))


def test_a_long_level_is_told_in_full(results, tmp_path):
    """What the table cuts to one line stands whole in its title; short levels need none."""
    content = content_of(results)
    first = content.table.rows[0]
    long = replace(first.components[0], state="named", text="random_crop(padding=4)+flip")
    short = replace(long, text="flip")
    table = replace(content.table, rows=(replace(first, components=(long, short)),))
    page = write_pages(replace(content, table=table), tmp_path)
    levels = [
        attributes
        for attributes in Elements(page.read_text(encoding="utf-8")).named("span")
        if attributes.get("class") == "level"
    ]

    assert ["random_crop(padding=4)+flip", None] == [level.get("title") for level in levels]


def test_page_is_sound(elements):
    """Every element is closed, ids are unique, and every link inside the page arrives."""
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    inside = [link["href"][1:] for link in elements.named("a") if link["href"].startswith("#")]

    assert [] == elements.open
    assert len(set(ids)) == len(ids)
    assert set(inside) <= set(ids)


def test_page_can_be_read_without_seeing_it(elements):
    """The page has a language, drawings have words, headers a scope, and there is a skip link."""
    assert "en" == elements.named("html")[0]["lang"]
    assert all(
        drawing["role"] == "img" and drawing["aria-label"] for drawing in elements.named("svg")
    )
    assert all("scope" in header for header in elements.named("th"))
    assert all("aria-label" in box for _, box in elements.found if box.get("tabindex") == "0")
    assert "#main" == elements.named("a")[0]["href"]
    assert 1 == len(elements.named("h1"))


def test_data_of_every_figure_can_be_downloaded(elements, results):
    """Each figure has a link that holds its CSV."""
    links = [link for link in elements.named("a") if "download" in link]

    assert [f"{shown.name}.csv" for shown in content_of(results).figures] == [
        link["download"] for link in links
    ]
    assert all(link["href"].startswith("data:text/csv;charset=utf-8,") for link in links)


def test_figures_lie_beside_the_pages(page, results):
    """Each figure is there as SVG, PDF and CSV, and the Markdown page links those it shows."""
    folder = page.parent
    names = {shown.name for shown in content_of(results).figures}
    linked = set(re.findall(r"\]\((figures/[^)]+)\)", (folder / "report.md").read_text("utf-8")))

    for ending in ("svg", "pdf", "csv"):
        assert names == {path.stem for path in (folder / "figures").glob(f"*.{ending}")}
    assert {f"figures/{name}.svg" for name in names} <= linked
    assert all((folder / link).is_file() for link in linked)
    for path in (folder / "figures").glob("*.svg"):
        ET.parse(path)  # noqa: S314 - our own drawing


@pytest.fixture(scope="module")
def wicked(tmp_path_factory):
    """The report of a study whose title and variants are full of markup."""
    size = {**SIZE, "title": WICKED, "names": [WICKED, "x" * 80, "[*] start"]}
    content = content_of(
        fake_study.publish(tmp_path_factory.mktemp("wicked"), fake_study.FakeStudy(**size))
    )
    few = replace(content, figures=content.figures[:2])
    return write_pages(few, tmp_path_factory.mktemp("reports"), latex=True)


def test_html_shows_markup_as_text(wicked):
    """A title with a script in it shows as text: the page has the one script of its own."""
    text = wicked.read_text(encoding="utf-8")
    elements = Elements(text)

    assert 1 == len(elements.named("script"))
    assert [] == elements.open
    assert "&lt;script&gt;alert(" in text
    assert "<script>alert" not in text


def test_markdown_shows_markup_as_text(wicked):
    """No pipe of a name splits a cell, and no tag stays a tag."""
    text = wicked.with_suffix(".md").read_text(encoding="utf-8")
    start = text.index("## Results")
    end = text.index("###", start)
    rows = [line for line in text[start:end].splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}

    assert 1 == len(cells)
    assert "<script>" not in text
    assert r"\*d\*" in text


def test_latex_shows_markup_as_text(wicked):
    """Every sign that TeX would obey is escaped, and braces and cells add up."""
    text = wicked.with_suffix(".tex").read_text(encoding="utf-8")
    rows = re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)

    assert 3 == len(rows)
    for columns, body in rows:
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(columns) - 1} == {len(re.findall(r"(?<!\\)&", line)) for line in lines}
    assert len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))
    assert r"100 \% of \$x\_1\$ \textbar{} a\textbackslash{}b" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 50 %", r"a\_b \& 50 \%"),
        ("[-0.9, 2.4]", "[$-$0.9, 2.4]"),
        ("2026-03-01", "2026-03-01"),
        ("two\nlines", "two lines"),
    ],
)
def test_text_for_latex(text, expected):
    """Signs are escaped, minus signs are set as such, and dates are left alone."""
    assert expected == escaping.latex(text)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no TeX engine here")
def test_latex_compiles(wicked, tmp_path):
    """The tables compile as they stand, with the packages that they name."""
    tables = wicked.with_suffix(".tex").as_posix()
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs, amssymb, graphicx}"
        rf"\begin{{document}}\input{{{tables}}}\end{{document}}",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    assert 0 == done.returncode, done.stdout[-2000:]


ALONE = """
import resource, sys, time
from pathlib import Path
root, reports = map(Path, sys.argv[1:3])
start = time.process_time()
from cnn_ablate import report
from cnn_ablate.analysis import analyse
from cnn_ablate.store import read
page = report.write(analyse(read(root, "made_up")), reports, latex=True)
assert "torch" not in sys.modules
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.process_time() - start, peak, page.stat().st_size / 1e6)
"""


def built_alone(root: Path, reports: Path) -> tuple[float, float, float]:
    """Build a report in a process of its own: seconds, megabytes of memory and of the page."""
    command = [sys.executable, "-c", ALONE, str(root), str(reports)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory, size = map(float, done.stdout.split())
    return seconds, memory, size


def test_report_is_the_same_from_a_process_without_torch(results, page, tmp_path):
    """A process that never imports torch writes every file of the report to the same bytes."""
    built_alone(results.store.root, tmp_path)

    assert contents(page.parent) == contents(tmp_path / "made_up")


def test_report_is_replaced_whole(results, page):
    """Written again, a report changes nothing and leaves no drafts behind."""
    before = contents(page.parent)
    write_pages(content_of(results), page.parent, latex=True)

    assert before == contents(page.parent)


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files under a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_large_report_is_quick_and_small(tmp_path):
    """60 trials of 10,000 predictions: 15 s, 1 GB, a page of 5 MB at most."""
    size = fake_study.FakeStudy(variants=15, seeds=4, images=10_000, epochs=30)
    fake_study.publish(tmp_path / "results", size)
    seconds, memory, page = built_alone(tmp_path / "results", tmp_path / "reports")

    assert seconds < 15
    assert memory < 1000
    assert page < 5

"""Tiny studies, written as a user writes them, and what the audit finds in them."""

from collections.abc import Mapping
from pathlib import Path

from cnn_ablate.audit import CHECKS, Subject
from cnn_ablate.data import Images
from cnn_ablate.runner import Where, survey
from cnn_ablate.schema import Finding
from cnn_ablate.study import Changes, read

LENET = """\
study: tiny
baseline:
  data: {name: fashion_mnist_sample, subset: 200, test_subset: 100}
  model: {name: lenet}
  optimizer: {name: sgd, lr: 0.01, momentum: 0.9}
  training: {epochs: 3, batch_size: 32}
seeds: 6
"""


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """Replace parts of a study's text, each of which must be there."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def subject(
    folder: Path,
    text: str,
    *,
    profile: str = "",
    sets: tuple[str, ...] = (),
    images: Mapping[str, Images] | None = None,
) -> Subject:
    """Lay out a study; with other images than those that it names, if these are given."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    study = read(path, Changes(profile=profile, sets=sets))
    laid_out = survey(study, Where(folder / "results", folder))
    shown = laid_out.images if images is None else images
    return Subject(study, laid_out.plan, laid_out.sizes, shown)


def found(check: str, audited: Subject) -> list[Finding]:
    """Give what one family of checks finds."""
    return list(CHECKS[check](audited))

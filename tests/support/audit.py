"""Tiny studies as users write them, and what the audit finds in them."""

from collections.abc import Mapping
from pathlib import Path

from cnn_ablate.audit import CHECKS, Subject
from cnn_ablate.data import Images
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.schema import Finding
from cnn_ablate.study import Changes, read_study

LENET = """\
study: tiny
baseline:
  data: {name: fashion_mnist_sample, subset: 200, test_subset: 100}
  model: {name: lenet}
  optimizer: {name: sgd, lr: 0.01, momentum: 0.9}
  training: {epochs: 3, batch_size: 32}
seeds: 6
"""


# A network as a user writes one; what it lacks for a test is put in for `# more`.
NETWORK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels, classes, width=4, attention="none"):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3)
        self.gate = nn.Conv2d(width, width, 1) if attention == "CBAM" else None
        self.output = nn.Linear(width, classes)
        # more

    def forward(self, images):
        x = torch.relu(self.stem(images))
        if self.gate is not None:
            x = x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()
        logits = self.output(x.mean((2, 3)))
        return logits
"""
USERS = LENET.replace("{name: lenet}", '{name: "nets:Net", width: 4}')


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """Return a text with parts replaced, each of which must be in it."""
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
    """Return the subject of an audit of a study, optionally with other images than its own."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    study = read_study(path, Changes(profile=profile, sets=sets))
    prepared = prepare(study, RunConfig(results=folder / "results", data=folder))
    shown = prepared.images if images is None else images
    return Subject(study, prepared.plan, prepared.sizes, shown)


def findings_of(kinds: str, audited: Subject) -> list[Finding]:
    """Return the findings of some kinds, separated by blanks."""
    return [finding for kind in kinds.split() for finding in CHECKS[kind](audited)]

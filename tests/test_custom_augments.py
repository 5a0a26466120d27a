"""User-defined augmentations: random numbers come from named streams, and outputs are checked."""

from pathlib import Path

import pytest
import torch

from cnn_ablate.data import Loader, load
from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.schema import Study
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.study import read_study
from support.audit import LENET, changed
from support.custom_study import write
from support.restart_python import restart_python

SPECKLE = """\
class Speckle:
    def __init__(self, amount: float = 0.1):
        self.amount = amount

    def __call__(self, images, stream):
        n, *sides = images.shape
        noise = stream.uniform(images[0].numel()).view(n, *sides) - 0.5
        return images + 255 * self.amount * noise


def brighter(by=10):
    return lambda images: images + by
"""
STUDY = changed(
    LENET, ("subset: 200", 'augment: [{name: "augs:Speckle", amount: 0.2}], subset: 200')
)


def study(folder: Path, *changes: tuple[str, str], module: str = SPECKLE) -> Study:
    """Read a study whose augmentation is in a module beside it."""
    (folder / "augs.py").write_text(module, encoding="utf-8")
    return read_study(write(folder, changed(STUDY, *changes)))


def epoch(found: Study, batch_size: int = 50) -> torch.Tensor:
    """Return the augmented images of an epoch of a baseline, in file order."""
    options = build_options(found.baseline).data
    loader = Loader(load(options), options, seed=0, batch_size=batch_size)
    batches = list(loader.epoch(0))
    order = torch.cat([batch.samples for batch in batches]).argsort()
    return torch.cat([batch.images for batch in batches])[order]


def test_settings_hold_the_knobs_and_the_source(tmp_path: Path) -> None:
    """Defaults are filled in, and labels do not show the digest."""
    found = study(tmp_path, (", amount: 0.2", ""))
    [step] = found.baseline["data"]["augment"]

    assert {"name", "amount", "sha256"} == step.keys()
    assert ("augs:Speckle", 0.1) == (step["name"], step["amount"])


def test_an_image_is_augmented_alike_in_any_batch(tmp_path: Path) -> None:
    """Random numbers come from the stream of each image, so they do not depend on the others."""
    found = study(tmp_path)

    images = epoch(found)

    assert images.equal(epoch(found, batch_size=7))
    assert not images.equal(epoch(study(tmp_path, ("amount: 0.2", "amount: 0.3"))))


def test_what_takes_images_alone_is_called_image_by_image(tmp_path: Path) -> None:
    """A function of one argument, as torchvision's transforms are, sees one image at a time."""
    plain = epoch(study(tmp_path, ('[{name: "augs:Speckle", amount: 0.2}]', "[]")))

    brighter = epoch(study(tmp_path, ('{name: "augs:Speckle", amount: 0.2}', '"augs:brighter"')))

    changed_by = (brighter - plain) * 255
    assert torch.isin(changed_by.round(), torch.tensor([10.0, 10 - 256.0])).all()


def test_torchvision_transforms_can_be_named(tmp_path: Path) -> None:
    """They draw from torch's generator, seeded by the image's stream: the same in any batch."""
    transform = '{name: "torchvision.transforms.v2:RandomRotation", degrees: 30}'
    found = study(tmp_path, ('{name: "augs:Speckle", amount: 0.2}', transform))

    torch.manual_seed(1)
    images = epoch(found)

    assert images.equal(epoch(found, batch_size=7))
    assert not images.equal(epoch(study(tmp_path, ('{name: "augs:Speckle", amount: 0.2}', ""))))


def test_another_source_is_another_trial(tmp_path: Path) -> None:
    """What was trained with an older source is not taken for the new one."""
    keys = set()
    for module in (SPECKLE, SPECKLE, changed(SPECKLE, ("- 0.5", "- 0.4"))):
        keys.add(plan(study(tmp_path, module=module), resolve).trials[0].key)
        restart_python()

    assert 2 == len(keys)


WRONG = {
    "no such module": (
        ("augs:Speckle", "aug:Speckle"),
        "HERE/tiny.yaml:3:48: baseline.data.augment[0]: aug: there is no module 'aug' in HERE.",
    ),
    "no such name": (
        ("augs:Speckle", "augs:Speckel"),
        "HERE/tiny.yaml:3:48: baseline.data.augment[0]: augs:Speckel: unknown name in augs "
        "'Speckel'. Did you mean 'Speckle'? Known: Speckle, brighter.",
    ),
    "no such argument": (
        ("amount:", "amuont:"),
        "HERE/tiny.yaml:3:79: baseline.data.augment[0].amuont: unknown key 'amuont'. Did you mean "
        "'amount'? Known: amount, name.",
    ),
    "a wrong type": (
        ("0.2", "much"),
        "HERE/tiny.yaml:3:79: baseline.data.augment[0].amount: Input should be a valid number, got "
        "'much'.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A missing or misspelt name is reported in one sentence, with suggestions."""
    monkeypatch.chdir(tmp_path)
    change, expected = WRONG[name]

    with pytest.raises(ExceptionGroup) as caught:
        study(tmp_path, change)

    [fault] = caught.value.exceptions
    assert expected == str(fault).replace(str(tmp_path), "HERE")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("images + 255", "images + 1 / 0"),
            "augs:Speckle: calling it failed: ZeroDivisionError: division by zero "
            "(augs.py, line 8).",
        ),
        (
            ("return images", "return images[1:]; images"),
            "augs:Speckle: expected images of shape (200, 1, 28, 28) back, got (199, 1, 28, 28).",
        ),
        (("return images", "return None and images"), None),
        (
            ("def __call__", "def call"),
            "augs:Speckle: returns Speckle, which cannot be called with images.",
        ),
    ],
)
def test_what_fails_is_told_before_anything_is_trained(
    tmp_path: Path, change: tuple[str, str], said: str | None
) -> None:
    """A few images are augmented when the study is prepared."""
    found = study(tmp_path, module=changed(SPECKLE, change))

    missing = prepare(found, RunConfig(results=tmp_path / "results")).missing

    assert isinstance(missing, UserError)
    nothing = "augs:Speckle: expected images of shape (200, 1, 28, 28) back, got NoneType."
    assert (said or nothing) == str(missing)

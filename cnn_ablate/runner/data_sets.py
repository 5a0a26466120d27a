"""The data sets of a study before it runs: found, opened once each, and checked."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cnn_ablate.custom import UserOptions
from cnn_ablate.data import DataSet, Images, Loader, load, split
from cnn_ablate.errors import UserError
from cnn_ablate.schema import DataFacts, Plan, Variant, canonical
from cnn_ablate.settings import images_key, options_of

# Called with the number of images decoded, and their total.
OnDecoding = Callable[[int, int], None]
# Channels, height, width.
Shape = tuple[int, int, int]


class DataSets:
    """The data sets of a study, each opened once."""

    def __init__(self, folder: Path | None, on_decoding: OnDecoding | None) -> None:
        self.folder = folder
        self.on_decoding = on_decoding
        self.opened: dict[str, Images] = {}
        self.images: dict[str, Images] = {}
        self.specs: dict[str, tuple[Shape, int]] = {}

    def fingerprint(self, section: Mapping[str, Any]) -> str:
        """Return the fingerprint of the data set that a `data` section names."""
        key = images_key(section)
        if key not in self.opened:
            options = options_of("data", section)
            self.opened[key] = load(options, self.folder, self.on_decoding)
            _check_classes(self.opened[key])
        if canonical(section) not in self.images:
            self.images[canonical(section)] = self.opened[key]
            _try_augmentations(self.opened[key], options_of("data", section))
        return self.opened[key].facts.fingerprint

    def check_splits(self, planned: Plan) -> None:
        """Check that each choice of images leaves some to work on; raises UserError."""
        for section, images in self.images.items():
            split(images, options_of("data", json.loads(section)))
        for settings in (variant.settings for variant in planned.variants):
            if settings["training"]["select"] != "best_val":
                continue
            data = settings["data"]
            if not self.images[canonical(data)].facts.counts(data).val:
                what = "best_val needs images to validate on."
                hint = "Set data.val_fraction, or add a folder val/ beside train/ and test/."
                raise UserError("training.select", what, hint)

    def facts(self) -> tuple[DataFacts, ...]:
        """Return the facts of all opened data sets, without duplicates."""
        facts = [images.facts for images in self.opened.values()]
        return tuple({entry.fingerprint: entry for entry in facts}.values())

    def spec(self, variant: Variant) -> tuple[Shape, int]:
        """Return the image shape of a variant and its number of classes; raises UserError."""
        section = variant.settings["data"]
        key = canonical(section)
        if key not in self.specs:
            images = self.images.get(key)
            options: DataSet = options_of("data", section)
            spec = images.facts if images else options.spec(self.folder)
            options.normalize.check(spec.shape[0])
            self.specs[key] = spec.shape, len(spec.classes)
        return self.specs[key]


def _check_classes(images: Images) -> None:
    """Refuse a data set of one class, on which any network is right; raises UserError."""
    if len(images.facts.classes) < 2:
        what = "has one class; a classifier takes two or more."
        raise UserError(f"data set {images.facts.name}", what)


def _try_augmentations(images: Images, options: DataSet) -> None:
    """Augment one batch if an augmentation is user-defined; raises UserError if that fails."""
    if any(isinstance(step, UserOptions) for step in options.augment):
        next(Loader(images, options, seed=0, batch_size=1).epoch(0))

"""What a report shows of the baseline beside its settings: its layers, and what it learns from."""

from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import Loader, split
from cnn_ablate.errors import UserError
from cnn_ablate.models.summary import summarise
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import LayerSize, canonical
from cnn_ablate.settings import options_of
from cnn_ablate.store import TrainingImages

# Test images that are kept with a study: 0.3 MB for grey ones, 1.2 MB in colour.
_SAMPLES = 400
# Training images that are shown, and the most layers.
_IMAGES, _MOST_LAYERS = 8, 60


def training_images(prepared: Prepared) -> TrainingImages | None:
    """Return the first training images of seed 0, raw and as its first epoch augments them."""
    section = prepared.plan.variants[0].settings.get("data", {})
    images = prepared.images.get(canonical(section))
    if images is None:
        return None
    options = options_of("data", section)
    loader = Loader(images, options, seed=0, batch_size=_IMAGES)
    pixels, _, samples = next(iter(loader.blocks(1)))
    raw, _ = loader.train.at(samples[:_IMAGES])
    augmented = pixels[:_IMAGES].round().clamp(0, 255).to(torch.uint8)
    return TrainingImages(np.asarray(raw), np.asarray(augmented))


def sample_images(prepared: Prepared) -> NDArray[np.uint8]:
    """Return the first test images of the first variant, (n, channels, height, width)."""
    if prepared.inputs:
        return np.empty((0, 1, 1, 1), np.uint8)
    section = prepared.plan.variants[0].settings["data"]
    images = prepared.images[canonical(section)]
    return images.test[split(images, options_of("data", section)).test[:_SAMPLES]].numpy()


def network_layers(prepared: Prepared) -> tuple[LayerSize, ...]:
    """Return the layers of the first variant's network that have no parts of their own.

    None of a network with more layers than a reader looks through, or without one.
    """
    settings = prepared.plan.variants[0].settings
    if not prepared.data or prepared.study.trainer:
        return ()
    facts = next(f for f in prepared.data if f.name == settings["data"]["name"])
    with user_code_folder(prepared.code_folder), suppress(UserError):
        layers = summarise(options_of("model", settings["model"]), facts.shape, len(facts.classes))
        names = [layer.name for layer in layers]
        leaves = [
            layer
            for layer in layers
            if layer.name and not any(name.startswith(f"{layer.name}.") for name in names)
        ]
        if len(leaves) <= _MOST_LAYERS:
            return tuple(LayerSize(**vars(layer)) for layer in leaves)
    return ()

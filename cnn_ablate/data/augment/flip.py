"""Random horizontal flips."""

import torch

from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob


class HorizontalFlip(ImageAugmentation):
    """Flip images horizontally."""

    name = "horizontal_flip"

    p: float = knob(0.5, "Probability per image of a flip.", ge=0, le=1)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Flip a random choice of the images; the dtype stays."""
        n = len(images)
        flipped = stream.uniform(1)[:, 0] < self.p
        # Selecting whole images from both versions is over twice as fast as torch.where by pixel.
        chosen = torch.arange(n, device=images.device) + n * flipped
        return torch.cat([images, images.flip(3)]).index_select(0, chosen)

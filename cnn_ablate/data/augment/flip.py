"""Random mirroring."""

import torch

from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob


class HorizontalFlip(ImageAugmentation):
    """Swap left and right."""

    name = "horizontal_flip"

    p: float = knob(0.5, "Probability of an image to be flipped.", ge=0, le=1)

    def change(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Flip the images that are drawn; their type stays."""
        n = len(images)
        flipped = stream.uniform(1)[:, 0] < self.p
        # Choosing whole images from both versions is over twice as fast as torch.where by pixel.
        chosen = torch.arange(n, device=images.device) + n * flipped
        return torch.cat([images, images.flip(3)]).index_select(0, chosen)

"""Random changes of colour."""

import torch
from jaxtyping import Float
from torch import Tensor

from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream, between
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Colours = Float[Tensor, "n channel height width"]
_Factors = Float[Tensor, "n 1 1 1"]
_RGB = 3


class ColorJitter(ImageAugmentation):
    """Change brightness, contrast, saturation and hue, in this order.

    Torchvision draws the order too; but for values cut off at 0 and 255, the first three give the
    same in any order.
    """

    name = "color_jitter"

    brightness: float = knob(0.1, "Largest change of the brightness factor from 1.", ge=0)
    contrast: float = knob(0.1, "Largest change of the contrast factor from 1.", ge=0)
    saturation: float = knob(0.1, "Largest change of the saturation factor from 1.", ge=0)
    hue: float = knob(0.0, "Largest turn of the hue, in full circles.", ge=0, le=0.5)
    p: float = knob(1.0, "Probability of an image to be changed at all.", ge=0, le=1)

    def change(self, images: Pixels, stream: Stream, context: Context) -> _Colours:
        """Give the changed images, in float32."""
        numbers = stream.uniform(5)
        # An image that is not drawn gets factors of 1, which change no bit.
        drawn = numbers[:, :1] < self.p
        spread = (self.brightness, self.contrast, self.saturation)
        factors = [
            torch.where(drawn, between(numbers[:, i : i + 1], max(0.0, 1 - s), 1 + s), 1.0)
            for i, s in enumerate(spread, start=1)
        ]
        brightness, contrast, saturation = (factor[..., None, None] for factor in factors)
        images = brightened(images.to(torch.float32), brightness)
        images = saturated(contrasted(images, contrast), saturation)
        if self.hue == 0 or images.shape[1] != _RGB:
            return images
        turn = between(numbers[:, 4:], -self.hue, self.hue)[..., None, None]
        return torch.where(drawn[..., None, None], hue_turned(images, turn), images)


def brightened(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply every level."""
    return (images * factor).clamp(0, 255)


def contrasted(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply the distance of every level from the mean grey level of the image."""
    # Whole levels sum without rounding, so the mean is the same in any batch and layout.
    mean = gray(images).round().mean((1, 2, 3), keepdim=True)
    return (images * factor + mean * (1 - factor)).clamp(0, 255)


def saturated(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply the distance of every colour from its grey; a grey image stays."""
    if images.shape[1] != _RGB:
        return images
    return (images * factor + gray(images) * (1 - factor)).clamp(0, 255)


def hue_turned(images: _Colours, turn: _Factors) -> _Colours:
    """Turn every hue by a part of the full circle, with the value and chroma of HSV kept.

    Reference: Smith 1978, hexcone model.
    """
    value, low = images.amax(1, keepdim=True), images.amin(1, keepdim=True)
    chroma = value - low
    red, green, blue = images.chunk(3, dim=1)
    sixths = torch.where(
        value == red,
        green - blue,
        torch.where(value == green, blue - red + 2 * chroma, red - green + 4 * chroma),
    ) / chroma.clamp(min=1e-6)
    # Each channel is lowest while the hue is within a sixth of the opposite colour.
    offsets = 5 - 2 * torch.arange(3, device=images.device).view(1, 3, 1, 1)
    place = (sixths + 6 * turn + offsets) % 6
    return value - chroma * torch.minimum(place, 4 - place).clamp(0, 1)


def gray(images: _Colours) -> Float[Tensor, "n 1 height width"]:
    """Weigh the colours as the eye does (ITU-R BT.601)."""
    if images.shape[1] != _RGB:
        return images.mean(1, keepdim=True)
    red, green, blue = images.chunk(3, dim=1)
    return 0.2989 * red + 0.587 * green + 0.114 * blue

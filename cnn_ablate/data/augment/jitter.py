"""Random brightness, contrast, saturation and hue."""

import torch
from jaxtyping import Float
from torch import Tensor

from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream, scale_to
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Colours = Float[Tensor, "n channel height width"]
_Factors = Float[Tensor, "n 1 1 1"]
_RGB = 3


class ColorJitter(ImageAugmentation):
    """Change brightness, contrast, saturation and hue, in this order.

    Torchvision also draws the order; except for values clipped at 0 and 255, the first three give
    the same result in any order.
    """

    name = "color_jitter"

    brightness: float = knob(0.1, "Largest deviation of the brightness factor from 1.", ge=0)
    contrast: float = knob(0.1, "Largest deviation of the contrast factor from 1.", ge=0)
    saturation: float = knob(0.1, "Largest deviation of the saturation factor from 1.", ge=0)
    hue: float = knob(
        0.0, "Largest shift of the hue, as a fraction of the full circle.", ge=0, le=0.5
    )
    p: float = knob(1.0, "Probability per image of any change.", ge=0, le=1)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> _Colours:
        """Return the changed images in float32."""
        numbers = stream.uniform(5)
        # An image that is not chosen gets factors of 1, which change no bit.
        chosen = numbers[:, :1] < self.p
        spread = (self.brightness, self.contrast, self.saturation)
        factors = [
            torch.where(chosen, scale_to(numbers[:, i : i + 1], max(0.0, 1 - s), 1 + s), 1.0)
            for i, s in enumerate(spread, start=1)
        ]
        brightness, contrast, saturation = (factor[..., None, None] for factor in factors)
        images = adjust_brightness(images.to(torch.float32), brightness)
        images = adjust_saturation(adjust_contrast(images, contrast), saturation)
        if self.hue == 0 or images.shape[1] != _RGB:
            return images
        shift = scale_to(numbers[:, 4:], -self.hue, self.hue)[..., None, None]
        return torch.where(chosen[..., None, None], adjust_hue(images, shift), images)


def adjust_brightness(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply every pixel value; 0..255."""
    return (images * factor).clamp(0, 255)


def adjust_contrast(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply the difference of every pixel value from the image's mean grey level."""
    # Integers are summed without rounding, so the mean is the same in any batch and layout.
    mean = to_grey(images).round().mean((1, 2, 3), keepdim=True)
    return (images * factor + mean * (1 - factor)).clamp(0, 255)


def adjust_saturation(images: _Colours, factor: _Factors) -> _Colours:
    """Multiply the difference of every colour from its grey; a grey image stays."""
    if images.shape[1] != _RGB:
        return images
    return (images * factor + to_grey(images) * (1 - factor)).clamp(0, 255)


def adjust_hue(images: _Colours, shift: _Factors) -> _Colours:
    """Shift every hue by a fraction of the full circle; value and chroma of HSV stay.

    Reference: Smith 1978, "Color gamut transform pairs", hexcone model.
    """
    value, low = images.amax(1, keepdim=True), images.amin(1, keepdim=True)
    chroma = value - low
    red, green, blue = images.chunk(3, dim=1)
    sixths = torch.where(
        value == red,
        green - blue,
        torch.where(value == green, blue - red + 2 * chroma, red - green + 4 * chroma),
    ) / chroma.clamp(min=1e-6)
    # A channel is lowest while the hue is within a sixth of the opposite colour.
    offsets = 5 - 2 * torch.arange(3, device=images.device).view(1, 3, 1, 1)
    position = (sixths + 6 * shift + offsets) % 6
    return value - chroma * torch.minimum(position, 4 - position).clamp(0, 1)


def to_grey(images: _Colours) -> Float[Tensor, "n 1 height width"]:
    """Return the luma, 0.2989 R + 0.587 G + 0.114 B (ITU-R BT.601)."""
    if images.shape[1] != _RGB:
        return images.mean(1, keepdim=True)
    red, green, blue = images.chunk(3, dim=1)
    return 0.2989 * red + 0.587 * green + 0.114 * blue

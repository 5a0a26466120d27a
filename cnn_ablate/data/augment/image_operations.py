"""The operations of RandAugment and TrivialAugment, each with its own strength per image.

As torchvision's functions of the same names: images hold whole numbers in 0..255.
"""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cnn_ablate.data.augment.jitter import adjust_brightness, adjust_contrast, adjust_saturation
from cnn_ablate.data.augment.warp import Warp, apply_warp

_Images = Float[Tensor, "n channel height width"]
_Strengths = Float[Tensor, " n"]
_Fill = Float[Tensor, "#channel 1 1"]


def _shear_x(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:
    """Shift each row to the left in proportion to its distance from the upper edge."""
    angle, right = strength.atan().rad2deg(), -strength * images.shape[2] / 2
    return _warp(images, fill, strength, shear=angle, right=right)


def _shear_y(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:
    """Shift each column up in proportion to its distance from the left edge."""
    return _shear_x(images.transpose(2, 3), strength, fill).transpose(2, 3)


def _translate_x(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:
    return _warp(images, fill, strength, right=strength.trunc())


def _translate_y(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:
    return _warp(images, fill, strength, down=strength.trunc())


def _rotate(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:
    return _warp(images, fill, strength, angle=-strength)


def _warp(images: _Images, fill: _Fill, like: _Strengths, **moves: _Strengths) -> _Images:
    zero, one = torch.zeros_like(like), torch.ones_like(like)
    still = {"angle": zero, "right": zero, "down": zero, "scale": one, "shear": zero}
    return apply_warp(images, Warp(**(still | moves)), fill=fill, interpolation="nearest")


def _brightness(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return adjust_brightness(images, _factor(strength)).floor()


def _color(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return adjust_saturation(images, _factor(strength)).floor()


def _contrast(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return adjust_contrast(images, _factor(strength)).floor()


def _sharpness(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    """Multiply the difference from the smoothed image (PIL's SMOOTH); pixels at edges stay."""
    height, width = images.shape[2:]
    if min(height, width) < 3:
        return images
    rows = images[:, :, :-2] + images[:, :, 1:-1] + images[:, :, 2:]
    sums = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    smooth = images.clone()
    inner = images[:, :, 1:-1, 1:-1]
    smooth[:, :, 1:-1, 1:-1] = ((sums + 4 * inner) / 13).round()
    factor = _factor(strength)
    return (images * factor + smooth * (1 - factor)).clamp(0, 255).floor()


def _posterize(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    """Keep so many of the highest bits."""
    step = 2.0 ** (8 - strength[:, None, None, None])
    return (images / step).floor() * step


def _solarize(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    """Invert the values from a fraction of 255 on."""
    return torch.where(images >= 255 * strength[:, None, None, None], 255 - images, images)


def _auto_contrast(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return _by_torchvision("autocontrast", images)


def _equalize(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return _by_torchvision("equalize", images)


def _by_torchvision(name: str, images: _Images) -> _Images:
    from torchvision.transforms.v2 import functional  # noqa: PLC0415 - takes a second

    changed: Tensor = getattr(functional, name)(images.to(torch.uint8))
    return changed.to(torch.float32)


def _identity(images: _Images, strength: _Strengths, fill: _Fill) -> _Images:  # noqa: ARG001
    return images


def _factor(strength: _Strengths) -> Float[Tensor, "n 1 1 1"]:
    return 1 + strength[:, None, None, None]


# By torchvision's names.
OPERATIONS: Mapping[str, Callable[[_Images, _Strengths, _Fill], _Images]] = {
    "Identity": _identity,
    "ShearX": _shear_x,
    "ShearY": _shear_y,
    "TranslateX": _translate_x,
    "TranslateY": _translate_y,
    "Rotate": _rotate,
    "Brightness": _brightness,
    "Color": _color,
    "Contrast": _contrast,
    "Sharpness": _sharpness,
    "Posterize": _posterize,
    "Solarize": _solarize,
    "AutoContrast": _auto_contrast,
    "Equalize": _equalize,
}

"""What pictures of a folder have in common, for a first study of them: size and colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from PIL import Image

from cnn_ablate.data.image_files import FORMATS, Decoding, read_image
from cnn_ablate.errors import UserError

# Enough to know, and read in seconds however many there are.
_MOST_PICTURES = 200
# Pictures up to this side are not made smaller.
_LARGEST_SIDE, _USUAL_SIDE = 64, 32
# Colour is judged after decoding to a small square.
_SMALL = Decoding((3, 32, 32))


@dataclass(frozen=True)
class PictureSurvey:
    """The sizes of some of the pictures in a folder, as (width, height), and whether all are grey.

    `total` counts all pictures; those that cannot be read are left out of the rest.
    """

    total: int
    sizes: tuple[tuple[int, int], ...]
    are_grey: bool

    def knobs(self) -> dict[str, tuple[Any, str]]:
        """Return the values of `image_size` and `grey` that suit the pictures, with reasons."""
        if not self.sizes:
            return {}
        read = len(self.sizes)
        every = "All pictures" if read == self.total else f"All of {read:,} that were read"
        width, height = max(self.sizes, key=prod)
        chosen: dict[str, tuple[Any, str]] = {}
        if len({*self.sizes}) == 1 and width == height <= _LARGEST_SIDE:
            chosen["image_size"] = width, f"{every} have {width} x {height} pixels."
        else:
            sizes = f"up to {width} x {height}"
            chosen["image_size"] = _USUAL_SIDE, f"Side in pixels; pictures ({sizes}) are fitted."
        if self.are_grey:
            chosen["grey"] = True, f"{every} are grey: one channel is enough."
        return chosen


def survey_pictures(paths: Sequence[Path]) -> PictureSurvey:
    """Return what pictures have in common, from at most 200 that are spread over the list."""
    step = -(-len(paths) // _MOST_PICTURES) or 1
    sizes: list[tuple[int, int]] = []
    are_grey = True
    for path in paths[::step]:
        try:
            with Image.open(path, formats=FORMATS) as image:
                size = image.size
            are_grey = are_grey and _is_grey(path)
        except (OSError, ValueError, SyntaxError, UserError):
            continue
        sizes.append(size)
    return PictureSurvey(len(paths), tuple(sizes), are_grey and bool(sizes))


def _is_grey(path: Path) -> bool:
    """Return whether a picture has three equal channels, also if it is stored in colour."""
    red, green, blue = read_image(path, _SMALL)
    return bool((red == green).all() and (green == blue).all())

"""Draw the image folder of the example: circles, squares and triangles on noise.

Run it as `python make_images.py [FOLDER]`; the default folder is `images`.
"""

import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDES = {"circle": 60, "square": 4, "triangle": 3}
COUNTS = {"train": 100, "test": 40}


def draw(rng: np.random.Generator, sides: int, size: int = 48) -> Image.Image:
    """Return an image of one shape with random position, colour, size and rotation."""
    noise = rng.integers(0, 100, (size, size, 3), np.uint8)
    image = Image.fromarray(noise)
    radius = rng.uniform(size / 4, size / 2.5)
    x, y = rng.uniform(radius, size - radius, 2)
    angles = 2 * math.pi * (rng.uniform() + np.arange(sides) / sides)
    corners = [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
    ImageDraw.Draw(image).polygon(corners, fill=tuple(rng.integers(120, 256, 3).tolist()))
    return image


def make(folder: Path, counts: dict[str, int] | None = None) -> None:
    """Write `{train,test}/<class>/<number>.png` below a folder, the same every time."""
    rng = np.random.default_rng(0)
    for part, count in (counts or COUNTS).items():
        for name, sides in SIDES.items():
            class_folder = folder / part / name
            class_folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                draw(rng, sides).save(class_folder / f"{number:03}.png")


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else "images"))

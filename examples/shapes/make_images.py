"""Draw an image folder to try the example on: circles, squares and triangles on noise.

Run it as `python make_images.py [FOLDER]`; the folder is `images` unless named.
"""

import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDES = {"circle": 60, "square": 4, "triangle": 3}
COUNTS = {"train": 100, "test": 40}


def draw(chance: np.random.Generator, sides: int, size: int = 48) -> Image.Image:
    """Draw one shape anywhere, in any colour, size and turn."""
    noise = chance.integers(0, 100, (size, size, 3), np.uint8)
    picture = Image.fromarray(noise)
    radius = chance.uniform(size / 4, size / 2.5)
    x, y = chance.uniform(radius, size - radius, 2)
    turns = 2 * math.pi * (chance.uniform() + np.arange(sides) / sides)
    corners = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    ImageDraw.Draw(picture).polygon(corners, fill=tuple(chance.integers(120, 256, 3).tolist()))
    return picture


def make(folder: Path, counts: dict[str, int] | None = None) -> None:
    """Write `{train,test}/<class>/<number>.png` below a folder, the same every time."""
    chance = np.random.default_rng(0)
    for part, count in (counts or COUNTS).items():
        for name, sides in SIDES.items():
            place = folder / part / name
            place.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                draw(chance, sides).save(place / f"{number:03}.png")


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else "images"))

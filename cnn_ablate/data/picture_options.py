"""The knobs of data sets that are picture files of the user's own."""

from pathlib import Path
from typing import Literal

from cnn_ablate.custom import search_folders
from cnn_ablate.data.dataset_options import DataSet
from cnn_ablate.data.image_files import MOST_MEGAPIXELS, Decoding, Resize
from cnn_ablate.options import knob


class PictureFiles(DataSet):
    """Picture files that are decoded to squares."""

    test_fraction: float = knob(
        0.2,
        "Fraction of each class for testing, if there are no folders train/ and test/.",
        gt=0,
        lt=1,
    )
    image_size: int = knob(32, "Side in pixels of the square that pictures are fitted to.", gt=0)
    resize: Resize = knob(
        "crop",
        "How pictures become squares: cut off at both ends, padded with black, or stretched.",
        added_later=True,
    )
    grey: bool = knob(False, "Read one grey channel instead of red, green and blue.")
    broken: Literal["error", "skip"] = knob(
        "error",
        "Pictures that cannot be read: refuse them all by name, or leave them out and say so.",
        added_later=True,
    )
    max_megapixels: float = knob(
        MOST_MEGAPIXELS, "Largest picture that is unpacked, in megapixels.", gt=0, added_later=True
    )

    def search_roots(self, root: Path | None = None) -> tuple[Path, ...]:
        """Return the data roots, the folder of the study, and the current one."""
        return tuple(dict.fromkeys((*super().search_roots(root), *search_folders())))

    def decoding(self) -> Decoding:
        """Return how the pictures are read."""
        shape = (1 if self.grey else 3, self.image_size, self.image_size)
        return Decoding(shape, self.max_megapixels, self.broken == "skip", self.resize)

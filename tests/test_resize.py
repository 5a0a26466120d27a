"""Pictures become squares by cropping, padding or stretching, in training and in predictions."""

import numpy as np
import pytest
from PIL import Image

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from cnn_ablate.data.image_arrays import read_array

# Per way of resizing a picture three times as wide as tall, whose middle third is white: how many
# of 15 rows and of 15 columns are mostly white from end to end.
WHITE = {"crop": (15, 15), "pad": (0, 0), "stretch": (0, 5)}


def wide():
    """Return the picture."""
    picture = Image.new("L", (90, 30), "black")
    picture.paste("white", (30, 0, 60, 30))
    return picture


@pytest.fixture
def pictures(root):
    """Write it to a folder of images."""
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        wide().save(root / "images" / part / "a" / "x.png")
    return root


def folder(resize):
    """Return the options of the folder."""
    return DATASETS["image_folder"](image_size=15, grey=True, resize=resize)


@pytest.mark.parametrize("resize", WHITE)
def test_a_wide_picture_becomes_a_square(pictures, resize):
    """Cut off at both ends, squeezed, or with black above and below."""
    image = load(folder(resize), pictures).train[0, 0]

    assert WHITE[resize] == tuple(int((image > 127).all(axis).sum()) for axis in (1, 0))
    assert (image[5:10, 5:10] > 127).all()
    assert resize != "pad" or int(image[:5].max()) == int(image[10:].max()) == 0


@pytest.mark.parametrize("resize", WHITE)
def test_arrays_are_resized_as_files_are(pictures, resize):
    """A picture in a NumPy file becomes the same square as in an image file."""
    np.save(pictures / "x.npy", np.asarray(wide())[None])
    options = folder(resize)

    [from_array] = read_array(pictures / "x.npy", options.decoding())
    assert np.array_equal(load(options, pictures).train[0].numpy(), from_array)


def test_each_way_of_resizing_is_a_data_set_of_its_own(pictures):
    """Caches and fingerprints differ; only the default leaves trial ids as they were."""
    fingerprints = {load(folder(resize), pictures).facts.fingerprint for resize in WHITE}
    ids = {resize: folder(resize).identity(folder(resize).settings()) for resize in WHITE}

    assert 3 == len(fingerprints)
    assert ["pad", "stretch"] == [resize for resize in WHITE if "resize" in ids[resize]]

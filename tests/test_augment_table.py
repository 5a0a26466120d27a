"""What every augmentation keeps, and how a list of them is read and written."""

import jsonschema
import pytest
import torch
from pydantic import ValidationError

from cnn_ablate.data.augment import AUGMENTS, ImageAugmentation, augment
from cnn_ablate.data.augment.crop import RandomCrop
from cnn_ablate.data.augment.erasing import RandomErasing
from cnn_ablate.data.augment.spec import Augments, read_augment
from cnn_ablate.options import Options, knob
from support.image_batches import context, draws, pictures

ALONE = [name for name, entry in AUGMENTS.items() if issubclass(entry, ImageAugmentation)]


class Data(Options):
    """Options with augmentations, as a data set has them."""

    augment: Augments = knob((), "Augmentations.")


def apply(entry, images, *, first=0, seed=0):
    """Augment images of the samples from `first` on."""
    labels = torch.arange(len(images)) % 10
    channels = images.shape[1]
    return augment(
        [entry], images, labels, draws(len(images), seed=seed, first=first), context(channels)
    )


@pytest.mark.parametrize("name", AUGMENTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_every_augmentation_keeps_shape_range_and_input(name, channels, dtype):
    """Images keep their shape and stay in 0..255, and the batch that was given is not changed."""
    images = pictures(9, channels, 20, 32, dtype=dtype)
    before = images.clone()
    augmented, targets = apply(AUGMENTS[name](), images)

    assert name == AUGMENTS[name].name
    assert images.shape == augmented.shape
    assert augmented.dtype in {dtype, torch.float32}
    assert augmented.min() >= 0
    assert augmented.max() <= 255
    assert len(images) == len(targets)
    assert torch.equal(before, images)
    assert not torch.equal(images, augmented)


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_an_image_is_augmented_alike_in_every_batch(name, layout):
    """Alone, in another batch or at another index, an image becomes the same, bit by bit."""
    images = pictures(37).contiguous(memory_format=layout)
    whole, _ = apply(AUGMENTS[name](), images)

    for first, last in ((0, 1), (5, 6), (3, 19), (30, 37)):
        part = images[first:last].contiguous(memory_format=layout)
        again, _ = apply(AUGMENTS[name](), part, first=first)
        assert torch.equal(whole[first:last], again)


@pytest.mark.parametrize("name", AUGMENTS)
def test_the_memory_layout_changes_no_image(name):
    """Channels-last images become what contiguous ones become."""
    images = pictures(16)
    expected, _ = apply(AUGMENTS[name](), images)
    other, _ = apply(AUGMENTS[name](), images.contiguous(memory_format=torch.channels_last))

    torch.testing.assert_close(expected, other, atol=0.001, rtol=0)


@pytest.mark.parametrize("name", AUGMENTS)
def test_draws_repeat_with_the_seed_and_change_with_it(name):
    """The same seed and epoch give the same images, another seed others."""
    images = pictures(16)
    first, again, other = (apply(AUGMENTS[name](), images, seed=seed)[0] for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_empty_list_gives_everything_back():
    """Without augmentations, images and labels are the ones that came in."""
    images, labels = pictures(3), torch.arange(3)
    augmented, targets = augment([], images, labels, draws(3), context())

    assert augmented is images
    assert targets is labels


def test_a_list_names_augmentations_with_or_without_knobs():
    """A name has the defaults, a mapping sets knobs, and an instance is kept."""
    data = Data.model_validate(
        {"augment": ["random_crop", {"name": "random_erasing", "p": 0.1, "scale": [0.02, 0.1]}]}
    )

    assert (RandomCrop(), RandomErasing(p=0.1, scale=(0.02, 0.1))) == data.augment
    assert RandomCrop(padding=2) == read_augment(RandomCrop(padding=2))


def test_a_list_is_written_in_full_and_read_again():
    """Settings hold every name and knob as plain values, which mean the same list."""
    data = Data.model_validate({"augment": ["cutmix", {"name": "random_crop", "padding": 2}]})
    expected = [
        {"name": "cutmix", "p": 1.0, "alpha": 1.0},
        {"name": "random_crop", "padding": 2, "mode": "zero"},
    ]

    assert {"augment": expected} == data.settings() == data.model_dump(mode="json")
    assert data == Data.model_validate(data.settings())


@pytest.mark.parametrize("name", AUGMENTS)
def test_every_augmentation_survives_its_plain_form(name):
    """Defaults, written as JSON and read again, are the same augmentation."""
    data = Data(augment=[name])

    assert data == Data.model_validate_json(data.model_dump_json())
    jsonschema.validate(data.model_dump(mode="json"), Data.model_json_schema())


@pytest.mark.parametrize(
    ("written", "place", "kind"),
    [
        ("random_crop", (), "tuple_type"),
        (["random_crop", "cutot"], (1,), "unknown_name"),
        ([{"name": "cutot", "size": 8}], (0,), "unknown_name"),
        ([{"name": "cutout", "sise": 8}], (0, "sise"), "unknown_name"),
        ([{"name": "cutout", "size": "big"}], (0, "size"), "int_type"),
        ([{"name": "cutout", "count": 0}], (0, "count"), "greater_than_equal"),
        ([{"name": 3}], (0,), "string_type"),
        ([{"size": 8}], (0,), "value_error"),
        ([3], (0,), "value_error"),
        ([{"name": "random_erasing", "scale": [0.1, 2]}], (0, "scale", 1), "less_than_equal"),
    ],
)
def test_a_wrong_list_is_refused_at_its_place(written, place, kind):
    """There is one error, with the element and the knob."""
    with pytest.raises(ValidationError) as caught:
        Data.model_validate({"augment": written})
    (error,) = caught.value.errors()
    assert (("augment", *place), kind) == (error["loc"], error["type"])


def test_unknown_names_and_knobs_come_with_the_known_ones():
    """The error has suggestions."""
    for written, known in (("cutot", "cutout"), ({"name": "cutout", "sise": 8}, "size")):
        with pytest.raises(ValidationError) as caught:
            Data.model_validate({"augment": [written]})
        assert known in caught.value.errors()[0]["ctx"]["known"]


def test_the_schema_of_the_list_accepts_what_the_reader_accepts():
    """The schema accepts names and knobs, and rejects errors."""
    schema = Data.model_json_schema()
    jsonschema.validate({"augment": ["cutout", {"name": "cutout", "size": 8}]}, schema)

    for wrong in ("cutot", {"name": "cutout", "sise": 8}, {"size": 8}, {"name": "cutot"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"augment": [wrong]}, schema)

"""Augmentations of training images: the table of all, and the function that applies them."""

from collections.abc import Mapping

from cnn_ablate.data.augment.auto_augment import RandAugment, TrivialAugment
from cnn_ablate.data.augment.crop import RandomCrop
from cnn_ablate.data.augment.erasing import Cutout, RandomErasing
from cnn_ablate.data.augment.flip import HorizontalFlip
from cnn_ablate.data.augment.jitter import ColorJitter
from cnn_ablate.data.augment.mixing import CutMix, MixUp
from cnn_ablate.data.augment.operation import Augmentation, Context, ImageAugmentation, augment
from cnn_ablate.data.augment.resized_crop import RandomResizedCrop
from cnn_ablate.data.augment.warp import Affine, Rotation

__all__ = ["AUGMENTS", "Augmentation", "Context", "ImageAugmentation", "augment"]

AUGMENTS: Mapping[str, type[Augmentation]] = {
    "affine": Affine,
    "color_jitter": ColorJitter,
    "cutmix": CutMix,
    "cutout": Cutout,
    "horizontal_flip": HorizontalFlip,
    "mixup": MixUp,
    "rand_augment": RandAugment,
    "random_crop": RandomCrop,
    "random_erasing": RandomErasing,
    "random_resized_crop": RandomResizedCrop,
    "rotation": Rotation,
    "trivial_augment": TrivialAugment,
}

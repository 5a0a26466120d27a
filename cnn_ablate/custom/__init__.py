"""What a study names by import path, `package.module:Name`: networks, data sets, augmentations."""

from cnn_ablate.custom.importing import failure, sources
from cnn_ablate.custom.signature import Origin, UserOptions, is_users, user_options
from cnn_ablate.custom.sources import look_in, places

__all__ = [
    "Origin",
    "UserOptions",
    "failure",
    "is_users",
    "look_in",
    "places",
    "sources",
    "user_options",
]

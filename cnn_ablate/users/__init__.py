"""What a study names by import path, `package.module:Name`: networks, data sets, augmentations."""

from cnn_ablate.users.importing import failure, sources
from cnn_ablate.users.options import Origin, UserOptions, is_users, user_options
from cnn_ablate.users.sources import look_in, places

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

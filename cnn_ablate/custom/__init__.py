"""User-defined networks, data sets and augmentations, by import path: `package.module:Name`."""

from cnn_ablate.custom.importing import describe_failure, source_digest, user_source_files
from cnn_ablate.custom.search_path import search_folders, user_code_folder
from cnn_ablate.custom.signature import (
    Origin,
    UserOptions,
    is_import_path,
    options_from_signature,
)
from cnn_ablate.custom.trusted_code import (
    OpenPackages,
    allow_packages,
    allowed_packages,
    code_of_results,
)

__all__ = [
    "OpenPackages",
    "Origin",
    "UserOptions",
    "allow_packages",
    "allowed_packages",
    "code_of_results",
    "describe_failure",
    "is_import_path",
    "options_from_signature",
    "search_folders",
    "source_digest",
    "user_code_folder",
    "user_source_files",
]

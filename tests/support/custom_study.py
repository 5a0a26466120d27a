"""Studies of a user-defined network, written beside the module that they name."""

from pathlib import Path

import pytest
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.schema import Study
from cnn_ablate.settings import build_options
from cnn_ablate.study import Changes, read_study
from support.audit import NETWORK, USERS, changed

# The same network with the names that torch has for its arguments.
TORCH_NAMES = changed(NETWORK, ("channels", "in_channels"), ("classes", "num_classes"))


def write(folder: Path, text: str = USERS, network: str = NETWORK) -> Path:
    """Write a study and the module that it names."""
    (folder / "nets.py").write_text(network, encoding="utf-8")
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def study(folder: Path, text: str = USERS, network: str = NETWORK) -> Study:
    """Read a study of a user-defined network."""
    return read_study(write(folder, text, network))


def messages(folder: Path, text: str = USERS, network: str = NETWORK, *sets: str) -> list[str]:
    """Return the messages for a study that is wrong, with the folder as `HERE`."""
    path = write(folder, text, network)
    with pytest.raises((ExceptionGroup, UserError)) as caught:
        read_study(path, Changes(sets=sets))
    errors = getattr(caught.value, "exceptions", [caught.value])
    return [str(error).replace(f"{folder}", "HERE") for error in errors]


def built(found: Study) -> nn.Module:
    """Build the network of a study's baseline, for images of 28 x 28 px and 10 classes."""
    return build_options(found.baseline).model.build((1, 28, 28), 10)

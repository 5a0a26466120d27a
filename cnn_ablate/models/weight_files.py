"""Files of weights: finding, verifying and loading them into a network."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cnn_ablate.custom import search_folders
from cnn_ablate.errors import UserError
from cnn_ablate.text import some


def sha256_of(weights: str) -> str:
    """Return the SHA-256 of a file of weights; raises ValueError if there is none."""
    return hashlib.sha256(_path(weights).read_bytes()).hexdigest()


def find_weights(weights: str, sha256: str) -> dict[str, Tensor]:
    """Read a file of weights that has this SHA-256.

    Raises:
        UserError: there is none, it has changed since, or it holds no state dict.
    """
    try:
        payload = _path(weights).read_bytes()
    except ValueError as error:
        raise UserError(weights, f"{error}.") from error
    if hashlib.sha256(payload).hexdigest() != sha256:
        raise UserError(weights, "has changed since the study was read.")
    try:
        state = _parse(weights, payload)
    except ImportError as error:
        hint = "Install it: pip install safetensors."
        raise UserError(weights, "needs the package safetensors.", hint) from error
    except Exception as error:  # a damaged file may raise anything in its decoder
        raise UserError(weights, "holds no state dict that can be read safely.") from error
    inner = state.get("state_dict", state) if isinstance(state, dict) else None
    if not isinstance(inner, dict) or not all(isinstance(t, Tensor) for t in inner.values()):
        raise UserError(weights, "holds no state dict: tensors by name.")
    return dict(inner)


def load_weights(network: nn.Module, head: str, state: dict[str, Tensor], source: str) -> None:
    """Load a state dict into a network; a head of other classes keeps its initial weights.

    A first convolution for other channels gets the sum of the weights over channels, spread evenly.

    Raises:
        UserError: other weights are missing, unknown, or of another shape.
    """
    own = network.state_dict()
    stem = next(n for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.Linear))
    if f"{stem}.weight" in state:
        kernel = f"{stem}.weight"
        state = {**state, kernel: _with_channels(state[kernel], own[kernel].shape)}
    fits = {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}
    wrong = [n for n in {**own, **state} if n not in fits and not n.startswith(f"{head}.")]
    if wrong:
        what = f"does not fit the network: {some(wrong)} are missing, unknown, or of another shape."
        raise UserError(source, what)
    network.load_state_dict({**own, **fits})


def _with_channels(kernel: Tensor, shape: torch.Size) -> Tensor:
    """Return a kernel (out, in, height, width) for as many channels as the shape has."""
    if kernel.ndim != 4 or kernel.shape[1] == shape[1]:
        return kernel
    return kernel.sum(1, keepdim=True).expand(-1, shape[1], -1, -1) / shape[1]


def _parse(weights: str, payload: bytes) -> Any:
    if weights.endswith(".safetensors"):
        from safetensors.torch import load  # noqa: PLC0415 - an extra

        return dict(load(payload))
    return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)


def _path(weights: str) -> Path:
    """Return the file in the folder of the study or the current one; raises ValueError."""
    paths = [folder / weights for folder in search_folders()]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise ValueError(f"there is no file of weights '{weights}' in {search_folders()[0]}")
    return found

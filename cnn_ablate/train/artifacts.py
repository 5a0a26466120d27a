"""What is kept of a trained network: metrics per class, predictions, and tensors as bytes."""

import io
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from cnn_ablate.schema import ClassRow
from cnn_ablate.train.evaluate import Evaluation


def class_rows(evaluation: Evaluation, names: tuple[str, ...]) -> tuple[ClassRow, ...]:
    """Compute recall, precision and F1 per class."""
    n = len(names)
    # Row: true class, column: predicted class.
    confusion = torch.bincount(evaluation.labels * n + evaluation.predicted, minlength=n * n)
    table = confusion.view(n, n)
    counts = (table.diag().tolist(), table.sum(1).tolist(), table.sum(0).tolist())
    return tuple(ClassRow.of_counts(*row) for row in zip(names, *counts, strict=True))


def predictions_npz(evaluation: Evaluation) -> bytes:
    """Return labels, predicted classes and probabilities (half precision) as an .npz file."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        label=evaluation.labels.numpy().astype(np.int16),
        predicted=evaluation.predicted.numpy().astype(np.int16),
        probability=evaluation.probabilities.numpy().astype(np.float16),
    )
    return file.getvalue()


def dump_state(state: Any) -> bytes:
    """Return a state dict as the bytes that torch.save writes."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def without_rest(state: Any) -> Any:
    """Copy the tensors of a state that are parts of larger ones: torch.save would write those."""

    def copied(tensor: Tensor) -> Tensor:
        is_part = tensor.untyped_storage().nbytes() > tensor.nbytes
        return tensor.clone() if is_part else tensor

    return tree_map_only(Tensor, copied, state)


def load_state(payload: bytes) -> Any:
    """Load what `dump_state` returned, onto the CPU.

    With `weights_only`, since unpickling a file may run any code that it names.
    """
    return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)


def copy_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copy a state dict to the CPU, so that further training does not change it."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}

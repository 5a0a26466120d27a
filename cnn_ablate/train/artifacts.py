"""Turn a trained network and its last evaluation into what is kept of a trial."""

import io
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cnn_ablate.schema import ClassRow
from cnn_ablate.train.evaluate import Evaluation


def class_rows(found: Evaluation, names: tuple[str, ...]) -> tuple[ClassRow, ...]:
    """Count, class by class, what was recognised; a ratio without cases is 0."""
    n = len(names)
    table = torch.bincount(found.labels * n + found.predicted, minlength=n * n).view(n, n)
    rows = zip(
        names, table.diag().tolist(), table.sum(1).tolist(), table.sum(0).tolist(), strict=True
    )
    return tuple(_row(name, correct, true, claimed) for name, correct, true, claimed in rows)


def _row(name: str, correct: int, true: int, claimed: int) -> ClassRow:
    return ClassRow(
        class_name=name,
        n=true,
        correct=correct,
        accuracy=_ratio(correct, true),
        recall=_ratio(correct, true),
        precision=_ratio(correct, claimed),
        f1=_ratio(2 * correct, true + claimed),
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def predictions(found: Evaluation) -> bytes:
    """Write labels, predictions and probabilities (half precision) as an .npz."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        label=found.labels.numpy().astype(np.int16),
        predicted=found.predicted.numpy().astype(np.int16),
        probability=found.probabilities.numpy().astype(np.float16),
    )
    return file.getvalue()


def saved(state: Any) -> bytes:
    """Write tensors as torch.save does."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def opened(payload: bytes) -> Any:
    """Read what `saved` wrote; never runs code from it."""
    return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)


def copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keep a state dict as it is now, on the CPU."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}

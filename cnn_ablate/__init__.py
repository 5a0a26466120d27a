"""Ablation studies of small image-classification CNNs that can be trusted."""

from typing import Any

__all__ = ["load_model"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: `import cnn_ablate` alone needs no torch."""
    if name == "load_model":
        from cnn_ablate.inference import load_model  # noqa: PLC0415 - as said

        return load_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

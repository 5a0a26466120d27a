"""Ablation studies of image classifiers, from one YAML file to the table in your paper."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn_ablate.api import (
        import_results,
        load_model,
        load_study,
        plan_study,
        read_results,
        run_study,
        write_report,
    )

__all__ = [
    "import_results",
    "load_model",
    "load_study",
    "plan_study",
    "read_results",
    "run_study",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a function of the API on first access: `import cnn_ablate` alone imports no torch."""
    if name in __all__:
        return getattr(import_module("cnn_ablate.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]

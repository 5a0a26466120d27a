"""How the user wants trials computed, and the recipes that have a name."""

from dataclasses import dataclass

from cnn_ablate.schema import ComputeConfig

# By name: what --recipe takes beside `auto`.
RECIPES: dict[str, ComputeConfig] = {
    "eager": ComputeConfig(),
    "compiled": ComputeConfig(compiled=True),
    "reference": ComputeConfig(layout="contiguous", fused=False),
}


@dataclass(frozen=True)
class ComputeChoice:
    """How the user wants trials computed: a recipe by name; stacks off, auto or how wide."""

    compute: str = "auto"
    stack: str = "auto"

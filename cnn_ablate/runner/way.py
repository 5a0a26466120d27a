"""How the user wants trials computed, and the recipes that have a name."""

from dataclasses import dataclass

from cnn_ablate.schema import Recipe

# By name: what --recipe takes beside `auto`.
RECIPES: dict[str, Recipe] = {
    "eager": Recipe(),
    "compiled": Recipe(compiled=True),
    "reference": Recipe(layout="contiguous", fused=False),
}


@dataclass(frozen=True)
class Way:
    """How the user wants trials computed: a recipe by name; stacks off, auto or how wide."""

    recipe: str = "auto"
    stack: str = "auto"

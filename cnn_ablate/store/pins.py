"""The file in which a study keeps how its trials are computed, so that a resumed run does alike."""

from pydantic import TypeAdapter

from cnn_ablate.schema import ComputeConfig
from cnn_ablate.store.trials import Store

_NAME = "recipes.json"
_PINS = TypeAdapter(dict[str, ComputeConfig])


def pinned(store: Store, study: str) -> dict[str, ComputeConfig]:
    """Read the recipes of a study, by what decides them; none if none are kept, or not whole."""
    try:
        return _PINS.validate_json((store.root / study / _NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}


def write_pins(store: Store, study: str, recipes: dict[str, ComputeConfig]) -> None:
    """Replace the recipes of a study."""
    payload = _PINS.dump_json(recipes, indent=1) + b"\n"
    store.replace(store.root / study / _NAME, payload)

"""The file in which a run says how far it has come: replaced whole, and no truth about trials."""

from cnn_ablate.schema import RunProgress
from cnn_ablate.store.trials import Store

_NAME = "progress.json"


def write_standing(store: Store, study: str, standing: RunProgress) -> None:
    """Replace what the run of a study says of itself."""
    payload = (standing.model_dump_json(indent=1) + "\n").encode()
    store.replace(store.root / study / _NAME, payload)


def read_standing(store: Store, study: str) -> RunProgress | None:
    """Read what the last run of a study says of itself; None if there is nothing to be read."""
    try:
        return RunProgress.model_validate_json((store.root / study / _NAME).read_bytes())
    except (OSError, ValueError):
        return None

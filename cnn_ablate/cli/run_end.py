"""How a run ends: where results and report are, and what trackers got."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunEnd:
    """Where results and report are, whether the report was up to date, and lines of trackers."""

    results: Path
    report: Path
    was_up_to_date: bool
    tracked: tuple[str, ...] = ()

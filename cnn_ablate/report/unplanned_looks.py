"""Looks at the results before seeds were added, where the study did not plan them."""

from dataclasses import dataclass
from functools import cache

from cnn_ablate.schema import Record
from cnn_ablate.stats.group_sequential import error_of_repeated_looks
from cnn_ablate.text import listed, percent


@dataclass(frozen=True)
class UnplannedLooks:
    """The seeds at each look, and the error that is stated for a single one."""

    seeds: tuple[int, ...]
    stated: float

    @property
    def error(self) -> str:
        """The error over all looks, for a contrast without effect: `10 %`."""
        return _error(self.seeds, self.stated)

    @property
    def limitation(self) -> str:
        """The sentence of the limitations."""
        return (
            "Seeds were added after results were seen, without a plan: contrasts were tested "
            f"{len(self.seeds)} times, with {listed(map(str, self.seeds))} seeds, over which "
            f"{self._rise} (Armitage, McPherson and Rowe 1969)."
        )

    @property
    def caveat(self) -> str:
        """The reason not to trust the results."""
        return f"seeds were added after results were seen: {self._rise}"

    @property
    def qualification(self) -> str:
        """What is added to the error of a family."""
        return (
            f"; that holds for a single test, and contrasts were tested {len(self.seeds)} times, "
            f"over which {self._rise}"
        )

    @property
    def _rise(self) -> str:
        stated = percent(self.stated)
        return f"the error of one contrast tested alone rises from {stated} to about {self.error}"


@cache
def _error(seeds: tuple[int, ...], stated: float) -> str:
    """Return the simulated error of looks, once for all sentences of a report."""
    return f"{100 * error_of_repeated_looks(seeds, stated):.0f} %"


def unplanned_looks(record: Record) -> UnplannedLooks | None:
    """Return the looks of a study that was extended without a plan to do so; None if it was not."""
    # Two seeds are not tested.
    seeds = tuple(look.seeds for look in record.looks if look.seeds > 2)
    if record.study.looks or len(seeds) < 2:
        return None
    return UnplannedLooks(seeds, record.study.error)

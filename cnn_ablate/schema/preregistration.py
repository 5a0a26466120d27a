"""What a study stated before its data: hashes of claims and design, and the log that keeps them."""

import hashlib
from typing import Any, Literal

from pydantic import Field

from cnn_ablate.schema.study import Claim, Study
from cnn_ablate.schema.values import Frozen, canonical

Stated = Literal["before its data", "changed after", "added after", "no log"]
"""When a claim was stated; `no log` if trials are older than the log."""

# What describes a claim, and does not change what is judged.
_DESCRIPTION = {"quote", "place"}


class Preregistration(Frozen):
    """What a study states, as SHA-256 of each part."""

    claims: dict[str, str] = Field(description="By the id of the claim.")
    design: str = Field(description="Of the baseline, the factors and the design.")
    seeds: str = Field(description="Of the seeds or looks, the error and the primary contrasts.")
    measure: str = Field(description="Of the metric of the effects and of its margin.")

    @property
    def hash(self) -> str:
        """SHA-256 of all parts together."""
        parts = [self.claims, self.design, self.seeds, self.measure]
        return _hash(parts)


class LogEntry(Preregistration):
    """A statement, and which trials of the study existed when it was made."""

    time: str
    trials: int = Field(
        description="Number of trials of the study, as before or as now, that had ended."
    )
    variants: tuple[str, ...] = Field(description="Names of the variants that had any by then.")
    edits: tuple[str, ...] | None = Field(
        None,
        description="What was edited since the tables before it, in words; None in entries of "
        "earlier versions, whose `variants` leave out trials of an earlier design.",
    )

    @property
    def preregistration(self) -> Preregistration:
        """The statement alone."""
        return Preregistration(**self.model_dump(include=set(Preregistration.model_fields)))


class Look(Frozen):
    """A time at which the results of a study could be seen with more seeds than before."""

    time: str
    seeds: int = Field(description="Number of seeds of the variants that had most.")
    trials: int = Field(description="Number of trials that this look needed.")


def state(study: Study) -> Preregistration:
    """Return what a study states, as read, with its profile."""
    designs = [part.model_dump() for part in (*study.factors, *study.designs)]
    exclude = list(study.exclude)
    return Preregistration(
        claims={claim.id: claim_hash(claim) for claim in study.claims},
        design=_hash([study.written, study.forced, designs, exclude, *_command(study)]),
        seeds=_hash([study.seeds, study.fewer_seeds, study.looks, study.error, study.primary]),
        measure=_hash([study.metric.name, study.metric.margin]),
    )


def _command(study: Study) -> list[Any]:
    return [study.trainer.command] if study.trainer else []


def claim_hash(claim: Claim) -> str:
    """Return the SHA-256 of what a claim states, whatever its quote; defaults do not enter it."""
    return _hash(claim.model_dump(exclude=_DESCRIPTION, exclude_defaults=True))


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()

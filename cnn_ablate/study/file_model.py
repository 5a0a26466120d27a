"""The Pydantic model of a study file: its top-level keys and their types."""

import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    WithJsonSchema,
)

from cnn_ablate.schema import Better, Frozen, Paper

Sets = dict[str, Any]
"""Dotted keys with their values."""

MOST_SEEDS = 10_000


def _seed_list(value: Any) -> Any:
    """Return the seeds 0, 1, ... for a count; leave anything else to the check of the list."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"expected at least one seed, got {value}")
        if value > MOST_SEEDS:
            raise ValueError(f"expected at most {MOST_SEEDS:,} seeds")
        return list(range(value))
    return value


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if not seeds:
        raise ValueError("expected at least one seed, got none")
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice")
    return seeds


def _seed_form(value: Any) -> str:
    return "(looks)" if isinstance(value, dict | Looks) else "(list)"


def _rising(looks: tuple[int, ...]) -> tuple[int, ...]:
    if len(looks) < 2:
        raise ValueError("expected at least two looks; with one, give the number of seeds alone")
    if looks[0] < 3:
        raise ValueError(f"the first look has at least 3 seeds, got {looks[0]}")
    if any(later <= earlier for earlier, later in pairwise(looks)):
        raise ValueError("expected rising numbers of seeds")
    if looks[-1] > MOST_SEEDS:
        raise ValueError(f"expected at most {MOST_SEEDS:,} seeds")
    return looks


class Looks(Frozen):
    """Numbers of seeds at which a study decides, and the error that it spends over them."""

    looks: Annotated[
        tuple[int, ...],
        Strict(False),
        AfterValidator(_rising),
        WithJsonSchema(
            {
                "type": "array",
                "items": {"type": "integer", "minimum": 3},
                "minItems": 2,
                "uniqueItems": True,
            }
        ),
    ] = Field(description="Numbers of seeds at which the study decides, for instance [3, 5, 8].")
    error: Annotated[float, Strict(False)] = Field(
        0.05, gt=0, lt=0.5, description="Error of each family of contrasts, over all looks."
    )

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that the last look has."""
        return tuple(range(self.looks[-1]))


def folder_name_fault(name: str) -> str:
    """Return why a name cannot be a folder's on every operating system; empty if it can."""
    if not re.fullmatch(r"\w[\w .+-]{0,99}", name):
        return "expected letters, digits, blanks and . _ + -, at most 100"
    if re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[ .]", name, re.IGNORECASE):
        return f"'{name}' cannot be the name of a folder on Windows"
    if name.lower() in {"trials", "damaged"}:
        return f"'{name}' is a folder that all studies share"
    # A study's folder joins two names, and file systems take 255 bytes.
    if len(name.encode()) > 120:
        return "expected a shorter name"
    return ""


def _folder_name(name: str) -> str:
    if fault := folder_name_fault(name):
        raise ValueError(fault)
    return name


Seed = Annotated[int, Field(ge=0, lt=2**63)]
FewerSeeds = dict[str, Annotated[int, Field(gt=0, strict=True)]]
SeedList = Annotated[
    tuple[Seed, ...],
    Strict(False),
    BeforeValidator(_seed_list),
    AfterValidator(_distinct),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 1,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]


# The tags are no names of keys, so that they can be taken out of the places of errors.
Seeds = Annotated[
    Annotated[SeedList, Tag("(list)")] | Annotated[Looks, Tag("(looks)")],
    Discriminator(_seed_form),
]


class DeclaredMetric(Frozen):
    """Direction, margin and unit of a metric; of one that is known, its margin and label."""

    better: Better | None = Field(None, description="Direction in which it improves.")
    margin: Annotated[float, Strict(False)] | None = Field(
        None, gt=0, description="Differences within it count as none; in points for fractions."
    )
    unit: str | None = Field(
        None, description="`fraction` if it is between 0 and 1, or the unit: `nats`, `s`."
    )
    label: str | None = Field(None, description="Its name in sentences and figures.")


class StudyFile(Frozen):
    """A study file as written; names of factors, keys and levels are checked later."""

    study: Annotated[
        str,
        AfterValidator(_folder_name),
        WithJsonSchema({"type": "string", "pattern": r"^\w([\w .+-]{0,98}[\w+-])?$"}),
    ] = Field(description="Name of the study, its results folder and its report.")
    title: str = Field("", description="What is studied, in one line.")
    paper: Paper | None = Field(None, description="The paper whose claims are checked.")
    baseline: dict[str, Sets] = Field(description="The system that is varied, by section.")
    trainer: Any = Field(
        None,
        description="Your own command that trains a trial, or `external` for imported results.",
    )
    factors: dict[str, Any] = Field(
        {}, description="Dotted keys with their levels, or bundles that set several keys per level."
    )
    design: Any = Field(
        None, description="Which combinations of levels are trained; default: one at a time."
    )
    exclude: list[Sets] = Field([], description="Combinations of levels to leave out.")
    seeds: Seeds = Field(
        (0, 1, 2), description="The seeds, their number, or the looks at which the study decides."
    )
    fewer_seeds: FewerSeeds = Field(
        {}, description="Number of seeds of some variants (names or patterns like `size=*`)."
    )
    primary: tuple[str, ...] = Field(
        (),
        strict=False,
        description=(
            "Names or patterns of the variants whose contrasts are primary; default: those of "
            "variants with all seeds."
        ),
    )
    metric: str = Field("test_accuracy", description="The metric that effects are in.")
    also: tuple[str, ...] = Field((), strict=False, description="Metrics that are shown beside it.")
    metrics: dict[str, DeclaredMetric] = Field(
        {}, description="Direction, margin and unit of metrics: `nll: {better: lower, unit: nats}`."
    )
    profiles: dict[str, Sets] = Field({}, description="Named overrides, for instance `cpu`.")
    claims: list[Sets] = Field([], description="What the paper claims.")
    model_limit: int | None = Field(None, gt=0, description="Most parameters a variant may have.")
    assumptions: list[str] = Field(
        [], description="Assumptions about details that the paper leaves open."
    )

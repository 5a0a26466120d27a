"""What a study file says: the study, its factors and designs, and the paper's claims."""

from typing import Any, Literal

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class Paper(Frozen):
    """Where the claims of a study come from."""

    title: str = Field(description="Title of the paper.")
    authors: str = Field("", description="Its authors, as printed.")
    year: int | None = Field(None, description="Year of publication.")
    url: str = Field("", description="Where it can be read.")
    note: str = Field("", description="Anything a reader of the report should know of it.")


class Level(Frozen):
    """One level of a factor: the dotted keys it sets, under a name to show."""

    label: str
    sets: dict[str, Any]


class Factor(Frozen):
    """What a study varies: a dotted key of the baseline, or a bundle of several under one name."""

    name: str
    levels: tuple[Level, ...]
    bundle: bool = False


class Entry(Frozen):
    """One variant of a `list` design: what it sets on top of another entry, or of the baseline."""

    name: str
    sets: dict[str, Any]
    start: str | None = None


DesignKind = Literal["one_at_a_time", "leave_one_out", "ladder", "factorial", "fractional", "list"]


class Design(Frozen):
    """Which combinations of levels become variants."""

    kind: DesignKind
    factors: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    resolution: int = 3


class Claim(Frozen):
    """What a paper says, in a form that data can answer.

    A number (`variant`, `metric`, `value`) or a limit to it (and an `effect`); a direction
    (`variant` against `reference`, or `factor` `from` one level `to` another, and the `effect` on
    the metric), perhaps `at` levels of other factors, or stronger there `than_at` others; or the
    `rank` of a class, or what a class is `taken_for`.
    """

    id: str
    quote: str = Field("", description="A few words of the paper.")
    place: str = Field("", description="Where in the paper they stand.")
    metric: str = Field(
        "test_accuracy", description="What it speaks of: a column of results.csv, or derived."
    )
    threshold: float | None = Field(
        None, gt=0, lt=1, description="Accuracy to reach, for epochs_to_ and seconds_to_accuracy."
    )
    of_class: str | None = Field(None, description="The class it speaks of, by name.")
    rank: Literal["best", "weakest"] | None = Field(
        None, description="Where that class stands among all."
    )
    taken_for: str | None = Field(None, description="The class that it is mistaken for most often.")
    variant: str | None = Field(None, description="Name of the variant it speaks of.")
    reference: str | None = Field(None, description="Name of the variant it is compared with.")
    factor: str | None = Field(None, description="The factor whose effect it states.")
    from_level: str | None = Field(None, description="Level compared with (`from` in YAML).")
    to_level: str | None = Field(None, description="Level spoken of (`to` in YAML).")
    at: dict[str, Any] = Field({}, description="Levels of other factors at which it holds.")
    than_at: dict[str, Any] = Field(
        {}, description="Levels where the effect is weaker (`lower`: stronger) than there."
    )
    value: float | None = Field(
        None, description="The number the paper gives; points where two accuracies are compared."
    )
    decimals: int | None = Field(
        None, description="Decimals of the value as printed, where it ends in zeros."
    )
    effect: Literal["higher", "lower", "none"] | None = Field(
        None, description="The direction in which the metric moves."
    )
    margin: float | None = Field(
        None, gt=0, description="What counts as no effect; 1 point for accuracies unless stated."
    )

    @property
    def compares(self) -> bool:
        """Whether it speaks of two sides, and not of one variant alone."""
        return self.reference is not None or self.factor is not None


class Study(Frozen):
    """A study file after reading: every name checked, every default filled in."""

    name: str
    title: str = ""
    paper: Paper | None = None
    source: str = ""
    profile: str = ""
    written: dict[str, dict[str, Any]] = Field(description="The baseline before any default.")
    baseline: dict[str, dict[str, Any]] = Field(description="The baseline, complete.")
    factors: tuple[Factor, ...] = ()
    designs: tuple[Design, ...] = ()
    exclude: tuple[dict[str, Any], ...] = ()
    seeds: tuple[int, ...] = (0,)
    fewer_seeds: dict[str, int] = Field(
        {}, description="Names or patterns of variants that have only so many of the seeds."
    )
    forced: dict[str, Any] = Field({}, description="Set by a profile or --set.")
    caps: bool = Field(False, description="Whether that replaces levels of factors too.")
    before: dict[str, Any] = Field(
        {}, description="What the file's baseline has at the keys so replaced; None: nothing."
    )
    claims: tuple[Claim, ...] = ()
    model_limit: int | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Name of its folder under results/ and reports/."""
        return f"{self.name}-{self.profile}" if self.profile else self.name

    @property
    def fixed(self) -> dict[str, Any]:
        """What is set for all variants: not the key of a factor, which moves the baseline alone."""
        own = set() if self.caps else {factor.name for factor in self.factors}
        return {key: value for key, value in self.forced.items() if key not in own}

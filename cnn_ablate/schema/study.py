"""The content of a study file: the study, its factors and designs, and the paper's claims."""

from decimal import Decimal
from html import escape
from typing import Any, Literal

from pydantic import Field

from cnn_ablate.schema.metric import TEST_ACCURACY, Metric
from cnn_ablate.schema.values import Frozen
from cnn_ablate.text import count


class Paper(Frozen):
    """The source of a study's claims."""

    title: str = Field(description="Title of the paper.")
    authors: str = Field("", description="Its authors, as printed.")
    year: int | None = Field(None, description="Year of publication.")
    url: str = Field("", description="Where it can be read.")
    note: str = Field("", description="What a reader of the report should know about it.")


class ExternalTrainer(Frozen):
    """The user's own command that trains a trial; without one, trials are only imported."""

    command: tuple[str, ...] = Field(
        (), description="The program and its arguments, with `{key}`, `{seed}` and `{out}`."
    )
    inputs: tuple[str, ...] = Field(
        (), description="Files, folders or patterns of which the SHA-256 is part of each trial."
    )

    @property
    def imports(self) -> bool:
        """Whether trials are trained elsewhere, and only imported."""
        return not self.command


class Level(Frozen):
    """One level of a factor: its label, and the dotted keys that it sets."""

    label: str
    sets: dict[str, Any]


class Factor(Frozen):
    """A factor: a dotted key of the baseline, or a bundle of several keys under one name."""

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
    """A design: which combinations of levels become variants."""

    kind: DesignKind
    factors: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    resolution: int = 3


class Claim(Frozen):
    """One statement of a paper, in a form that data can answer.

    It states a number (`variant`, `metric`, `value`), or with an `effect` a limit to one; or the
    direction of an effect (`variant` against `reference`, or `factor` `from` one level `to`
    another), perhaps `at` levels of other factors, or stronger there than it is `than_at` others;
    or the `rank` of a class, or the class that it is `taken_for`.
    """

    id: str
    quote: str = Field("", description="A few words of the paper.")
    place: str = Field("", description="Where in the paper they are printed.")
    metric: str = Field(
        "test_accuracy",
        description="The metric it is about: a column of results.csv, or derived from the epochs.",
    )
    threshold: float | None = Field(
        None, gt=0, lt=1, description="Accuracy to reach, for epochs_to_ and seconds_to_accuracy."
    )
    of_class: str | None = Field(None, description="Name of the class it is about.")
    rank: Literal["best", "weakest"] | None = Field(
        None, description="Rank of that class among all classes."
    )
    taken_for: str | None = Field(
        None, description="The class that it is most often misclassified as."
    )
    variant: str | None = Field(None, description="Name of the variant it is about.")
    reference: str | None = Field(None, description="Name of the variant that it is compared with.")
    factor: str | None = Field(None, description="Name of the factor whose effect it states.")
    from_level: str | None = Field(None, description="Level compared with (`from` in YAML).")
    to_level: str | None = Field(None, description="Level whose effect is stated (`to` in YAML).")
    at: dict[str, Any] = Field({}, description="Levels of other factors at which it holds.")
    than_at: dict[str, Any] = Field(
        {}, description="Levels where the effect is weaker (`lower`: stronger) than there."
    )
    value: float | tuple[float, float] | None = Field(
        None,
        description=(
            "The number the paper gives, a fraction for accuracies, or points where two are "
            "compared; or the range `[lowest, highest]` that a truncated number stands for."
        ),
    )
    decimals: int | None = Field(
        None,
        description=(
            "Decimals of the value as printed, if it ends in zeros; below zero if it is rounded to "
            "tens (-1), thousands (-3) ..."
        ),
    )
    effect: Literal["higher", "lower", "none"] | None = Field(
        None, description="The direction in which the metric moves."
    )
    margin: float | None = Field(
        None, gt=0, description="What counts as no effect; 1 point for accuracies unless stated."
    )

    @property
    def compares(self) -> bool:
        """Whether it is about the difference of two variants, and not about one alone."""
        return self.reference is not None or self.factor is not None

    @property
    def is_empty(self) -> bool:
        """Whether it states neither a number nor a direction, nor anything about a class."""
        directed = self.compares and self.effect
        return self.value is None and not (directed or self.rank or self.taken_for)

    @property
    def measured_metric(self) -> str:
        """The metric to measure: `class_accuracy` for the accuracy of one class."""
        of_class = self.of_class and self.metric == "test_accuracy"
        return "class_accuracy" if of_class else self.metric

    @property
    def decimals_printed(self) -> int:
        """How many decimals the number was printed with: those it shows, unless `decimals` says.

        A whole number is exact to one half, however many zeros it ends in: they are digits too.
        """
        if self.decimals is not None:
            return self.decimals
        exponents = (Decimal(repr(end)).normalize().as_tuple().exponent for end in self.bounds)
        return max(0, *(-int(exponent) for exponent in exponents))

    @property
    def rounding(self) -> float:
        """Half a unit of the last digit printed, in the unit of the value; 0 for a range."""
        is_range = isinstance(self.value, tuple)
        return 0.0 if is_range else 0.5 * 10.0**-self.decimals_printed

    @property
    def bounds(self) -> tuple[float, float]:
        """The range as stated, or the value twice; zeros without a value."""
        return self.value if isinstance(self.value, tuple) else (self.value or 0.0,) * 2

    @property
    def printed_interval(self) -> tuple[float, float]:
        """The lowest and the highest number that would be printed as stated."""
        low, high = self.bounds
        return low - self.rounding, high + self.rounding

    @property
    def size(self) -> float:
        """The difference that is stated, with the sign of its effect; 0 without a value."""
        low, high = self.bounds
        value = (low + high) / 2
        return {"higher": abs(value), "lower": -abs(value)}.get(self.effect or "", value)


class Study(Frozen):
    """A study file after reading: names are checked, and defaults filled in."""

    name: str
    title: str = ""
    paper: Paper | None = None
    source: str = ""
    profile: str = ""
    trainer: ExternalTrainer | None = Field(
        None, description="Who trains instead of this program, whose keys are then free."
    )
    written: dict[str, dict[str, Any]] = Field(description="The baseline before any default.")
    baseline: dict[str, dict[str, Any]] = Field(description="The baseline, complete.")
    factors: tuple[Factor, ...] = ()
    designs: tuple[Design, ...] = ()
    exclude: tuple[dict[str, Any], ...] = ()
    seeds: tuple[int, ...] = (0,)
    fewer_seeds: dict[str, int] = Field(
        {}, description="Number of seeds by name or pattern of variants that have fewer."
    )
    looks: tuple[int, ...] = Field(
        (), description="Numbers of seeds at which the study decides which contrasts get more."
    )
    error: float = Field(0.05, description="Error of each family of contrasts, over all looks.")
    primary: tuple[str, ...] = Field(
        (), description="Names or patterns of the variants whose contrasts are primary."
    )
    metric: Metric = Field(TEST_ACCURACY, description="The metric that effects are in.")
    also: tuple[Metric, ...] = Field((), description="Metrics that are shown beside it.")
    declared: tuple[Metric, ...] = Field((), description="Metrics that the file describes.")
    forced: dict[str, Any] = Field({}, description="Settings forced by a profile or --set.")
    caps: bool = Field(False, description="Whether they replace levels of factors too.")
    before: dict[str, Any] = Field(
        {}, description="The file's baseline at the forced keys; None where it has none."
    )
    claims: tuple[Claim, ...] = ()
    model_limit: int | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Name of its folder under results/ and reports/."""
        return f"{self.name}-{self.profile}" if self.profile else self.name

    @property
    def declared_metrics(self) -> dict[str, Metric]:
        """The metrics that the file describes, by name."""
        return {metric.name: metric for metric in self.declared}

    @property
    def fixed(self) -> dict[str, Any]:
        """Settings forced on all variants: not keys of factors, which only change the baseline."""
        own = set() if self.caps else {factor.name for factor in self.factors}
        return {key: value for key, value in self.forced.items() if key not in own}

    def _repr_html_(self) -> str:
        """Return the factors with their levels as an HTML table, which notebooks show."""
        lists = [(f.name, [level.label for level in f.levels]) for f in self.factors]
        lists += [(d.kind, [entry.name for entry in d.entries]) for d in self.designs if d.entries]
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(", ".join(labels))}</td></tr>'
            for name, labels in lists
        )
        head = f"<b>{escape(self.title or self.name)}</b>, {count(len(self.seeds), 'seed')}"
        # No caption: it would be as narrow as the table.
        return f'<p>{head}</p><table style="text-align: left"><tbody>{rows}</tbody></table>'

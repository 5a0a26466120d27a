"""Results of trials, effects, verdicts, findings, and the record of a study as it was run."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_serializer

from cnn_ablate.schema.class_row import ClassRow
from cnn_ablate.schema.data_facts import DataFacts
from cnn_ablate.schema.metric import Metric
from cnn_ablate.schema.plan import ComputeConfig, LayerSize, Plan, Size, Trial
from cnn_ablate.schema.preregistration import LogEntry, Look, Stated
from cnn_ablate.schema.study import Study
from cnn_ablate.schema.values import Frozen
from cnn_ablate.text import count, listed


class EpochRow(Frozen):
    """Measurements of one epoch; losses are means over images, accuracies fractions."""

    epoch: int
    lr: float | None = None
    train_loss: float | None = None
    train_accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    seconds: float = 0.0


class Metrics(Frozen):
    """The metrics of one trial: columns of results.csv, in this order.

    An external trainer may leave any of them out, and add its own.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    parameters: int | None = None
    dead_parameters: int | None = None
    macs: int | None = None
    train_loss: float | None = Field(None, description="Of the last epoch, during training.")
    test_loss: float | None = Field(None, description="Cross-entropy in nats, labels not smoothed.")
    test_accuracy: float | None = None
    val_accuracy: float | None = Field(None, description="Of the weights that were tested.")
    epochs: int = 0
    selected_epoch: int | None = None
    seconds: float = 0.0
    images_per_second: float = 0.0
    peak_memory_mb: float = 0.0


Status = Literal["done", "diverged", "failed"]


class TrialResult(Frozen):
    """Everything that one trial produces.

    `predictions` is an .npz of `label`, `predicted` (n,) and `probability` (n, classes) on the
    test images in file order; `weights` is a state dict as torch.save writes it.
    """

    trial: Trial
    status: Status
    error: str = ""
    compute: ComputeConfig
    data: DataFacts | None = None
    metrics: Metrics | None = None
    epochs: tuple[EpochRow, ...] = ()
    steps: tuple[tuple[int, float], ...] = Field((), description="(batches seen, running loss).")
    classes: tuple[ClassRow, ...] = ()
    predictions: bytes = b""
    weights: bytes = b""
    pixels: tuple[tuple[float, ...], tuple[float, ...]] | None = Field(
        None, description="Mean and standard deviation by `data.normalize: training`, per channel."
    )
    code_folders: tuple[str, ...] = Field(
        (),
        exclude_if=lambda folders: not folders,
        description="Where user-defined code was searched, relative to the results folder.",
    )
    log: str = Field("", description="The output of an external trainer, or where it comes from.")
    torch: str = ""
    started: str = ""


class Finding(Frozen):
    """A finding: of the audit, before training, or of the checks of what was trained."""

    kind: str
    severity: Literal["error", "warning", "note"]
    where: str
    message: str
    data: dict[str, Any] = Field({}, description="The numbers in the message, for programs.")


class Effect(Frozen):
    """One contrast in one metric: a row of effects.csv. None where there are too few seeds.

    Differences are in percentage points where the metric is a fraction, else in its own unit; the
    file has the metric's name. A contrast that is tested has `low_family` and `high_family`, an
    interval that excludes zero just where the contrast is `decided`.
    """

    variant: str
    reference: str
    design: str = ""
    factors: tuple[str, ...] = Field(
        (), description="Those that differ; joined by `; ` in the file."
    )
    action: str = Field(
        "",
        exclude=True,
        description="What the variant changes, as the beginning of a sentence; not in the file.",
    )
    metric: Metric
    seeds: int = Field(description="Number of seeds that both sides have done.")
    failed: int = Field(0, description="Trials of the variant that diverged or failed.")
    failed_reference: int = Field(0, description="The same of the reference, on the same seeds.")
    difference: float | None = Field(None, description="Mean over seeds of variant - reference.")
    sd: float | None = Field(None, description="Standard deviation of the differences, ddof 1.")
    low: float | None = Field(None, description="95 % t interval of this difference alone.")
    high: float | None = None
    p: float | None = Field(
        None, description="Of this contrast alone: joint sign flips, paired t or Fisher's test."
    )
    family: Literal["primary", "exploratory", ""] = Field(
        "", description="The contrasts that it is tested with; empty if it is not tested."
    )
    counted_in: Literal["primary", "exploratory", ""] = Field(
        "",
        exclude=True,
        description="The family that is adjusted for it, also if it means nothing and is not "
        "tested; not in the file.",
    )
    method: str = Field("", description="How the family is tested.")
    p_adjusted: float | None = Field(None, description="`p` adjusted for the family.")
    low_family: float | None = Field(
        None, description="Interval of the difference, all of the family at once."
    )
    high_family: float | None = None
    decided: bool = Field(False, description="Whether the family decides that the sides differ.")
    negligible: bool = Field(
        False,
        exclude=True,
        description="Whether it is shown to be within the margin; not in the file.",
    )
    look: int | None = Field(None, description="The look at which seeds were decided upon, from 1.")
    images: int | None = Field(None, description="Test images, if predictions were compared.")
    images_low: float | None = Field(
        None, description="95 % bootstrap interval over test images, networks fixed."
    )
    images_high: float | None = None
    low_both: float | None = Field(
        None, description="95 % interval of seeds and test images together: hypot of their halves."
    )
    high_both: float | None = None
    mcnemar_p: float | None = Field(None, description="McNemar over images, seeds as blocks.")
    compute_differs: bool = Field(
        False, description="Whether the two sides were computed in different ways."
    )
    sentence: str = ""

    @field_serializer("metric")
    def _metric_name(self, metric: Metric) -> str:
        return metric.name

    @property
    def improves(self) -> bool | None:
        """Whether it is decided that the variant is better (or worse); None if it is not."""
        return self.metric.improves(self.direction)

    @property
    def direction(self) -> int:
        """1 if the family decides that the variant is higher, -1 if lower, 0 if neither."""
        if not self.decided or self.low_family is None or self.difference is None:
            return 0
        return 1 if self.difference > 0 else -1

    @property
    def is_clipped(self) -> bool:
        """Whether an end of the family's interval was set to zero, to agree with the decision."""
        return 0.0 in (self.low_family, self.high_family)


Word = Literal[
    "reproduced",
    "direction only",
    "negligible",
    "not reproduced",
    "agrees early",
    "disagrees early",
    "inconclusive",
    "not comparable",
]
"""The verdicts, in the order in which they are counted and shown.

`agrees early` and `disagrees early` are those of directions at another budget than the published.
"""


class Verdict(Frozen):
    """The verdict on a claim: what the data say about it."""

    claim: str
    verdict: Word
    published: str
    measured: str
    interval: str = Field(
        "",
        description=(
            "95 % interval, as text: of one further run where a number was published, else of the "
            "difference."
        ),
    )
    reason: str
    condition: str = Field(
        "", description="Settings that differ from the published ones and matter for the verdict."
    )
    stated: Stated = Field("no log", description="When the claim was stated.")
    design_stated: str = Field(
        "no log",
        description="The same of the design, the seeds and the metric, apart if they differ.",
    )


class Environment(Frozen):
    """The software and the machine of a run."""

    cnn_ablate: str
    python: str
    torch: str
    platform: str
    processor: str
    cores: int
    gpu: str = Field("", description="Name of the GPU, if trials used one here.")


class Record(Frozen):
    """A study as it was run (`study.json`): what a report needs beside the tables."""

    study: Study
    file: str = Field("", description="The text of the study file, as it was read.")
    plan: Plan
    sizes: dict[str, Size] = Field(description="By variant name.")
    layers: tuple[LayerSize, ...] = Field((), description="Of the first variant's network.")
    data: tuple[DataFacts, ...]
    compute: ComputeConfig
    environment: Environment
    findings: tuple[Finding, ...] = ()
    audited: bool = Field(False, description="Whether findings are known.")
    inputs: dict[str, str] = Field(
        {}, description="SHA-256 of each input file of an external trainer, by path."
    )
    log: tuple[LogEntry, ...] = Field((), description="What was stated when.")
    looks: tuple[Look, ...] = Field((), description="When more seeds than before were looked at.")
    command: str = ""
    started: str = ""
    finished: str = ""


def count_findings(findings: Iterable[Finding]) -> str:
    """Return how many findings there are of each severity: `1 error and 2 warnings`."""
    numbers = Counter[str](finding.severity for finding in findings)
    severities = ("error", "warning", "note")
    return listed([count(numbers[name], name) for name in severities if numbers[name]])

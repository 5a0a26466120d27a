"""Results of trials, effects, verdicts, findings, and the record of a study as it was run."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field

from cnn_ablate.schema.plan import ComputeConfig, Plan, Size, Trial
from cnn_ablate.schema.study import Study
from cnn_ablate.schema.values import Frozen


class EpochRow(Frozen):
    """Measurements of one epoch; losses are means over images, accuracies fractions."""

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    seconds: float = 0.0


class ClassRow(Frozen):
    """Metrics of one class on the test images."""

    class_name: str
    n: int
    correct: int
    accuracy: float
    precision: float
    recall: float
    f1: float


class Metrics(Frozen):
    """The metrics of one trial: columns of results.csv, in this order."""

    parameters: int
    dead_parameters: int
    macs: int
    train_loss: float | None = Field(None, description="Of the last epoch, during training.")
    test_loss: float | None = Field(None, description="Cross-entropy in nats, labels not smoothed.")
    test_accuracy: float | None = None
    val_accuracy: float | None = Field(None, description="Of the weights that were tested.")
    epochs: int = 0
    selected_epoch: int | None = None
    seconds: float = 0.0
    images_per_second: float = 0.0
    peak_memory_mb: float = 0.0


class Counts(NamedTuple):
    """Numbers of training, validation and test images."""

    train: int
    val: int
    test: int


class DataFacts(Frozen):
    """A data set as it was used."""

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int] = Field(description="Channels, height, width.")
    train: int
    test: int
    note: str = ""

    def counts(self, section: Mapping[str, Any]) -> Counts:
        """Count the images that a `data` section of a study uses of this data set."""
        kept = min(section.get("subset") or self.train, self.train)
        val = round(kept * section.get("val_fraction", 0.0))
        return Counts(kept - val, val, min(section.get("test_subset") or self.test, self.test))


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
    torch: str = ""
    started: str = ""


class Finding(Frozen):
    """A finding of the audit: a fault of the study, proven before training."""

    kind: str
    severity: Literal["error", "warning", "note"]
    where: str
    message: str
    data: dict[str, Any] = Field({}, description="The numbers in the message, for programs.")


class Effect(Frozen):
    """One contrast in one metric: a row of effects.csv. None where there are too few seeds.

    Differences are in percentage points where the metric is a fraction, else in its own unit.
    """

    variant: str
    reference: str
    design: str = ""
    factors: tuple[str, ...] = Field(
        (), description="Those that differ; joined by `; ` in the file."
    )
    action: str = Field("", description="What the variant changes, as the beginning of a sentence.")
    metric: str
    seeds: int = Field(description="Number of seeds that both sides have done.")
    difference: float | None = Field(None, description="Mean over seeds of variant - reference.")
    sd: float | None = Field(None, description="Standard deviation of the differences, ddof 1.")
    low: float | None = Field(None, description="95 % t interval of the difference: seed noise.")
    high: float | None = None
    bca_low: float | None = Field(None, description="The same by BCa bootstrap over seeds.")
    bca_high: float | None = None
    p: float | None = Field(None, description="Two-sided sign-flip p over seeds.")
    p_t: float | None = Field(None, description="Two-sided paired t test.")
    p_adjusted: float | None = Field(None, description="`p` after Holm over the family.")
    p_bh: float | None = Field(None, description="`p` after Benjamini and Hochberg.")
    smallest_p: float | None = Field(None, description="The smallest possible `p`: 2 / 2^seeds.")
    smallest_adjusted: float | None = Field(
        None, description="The smallest possible `p_adjusted` with these seeds and this family."
    )
    family: int = Field(0, description="Number of contrasts tested together.")
    images: int | None = Field(None, description="Test images, if predictions were compared.")
    images_low: float | None = Field(
        None, description="95 % bootstrap interval over test images, networks fixed."
    )
    images_high: float | None = None
    mcnemar_p: float | None = Field(None, description="McNemar over images, seeds as blocks.")
    mcnemar_seeds: tuple[float, ...] = Field(
        (), description="McNemar's exact p per seed; joined by `; ` in the file."
    )
    sentence: str = ""


Word = Literal["reproduced", "direction only", "not reproduced", "undetermined", "not comparable"]
"""The verdicts, in the order in which they are counted and shown."""


class Verdict(Frozen):
    """The verdict on a claim: what the data say about it."""

    claim: str
    verdict: Word
    published: str
    measured: str
    interval: str = Field("", description="95 % interval of the measurement, as text.")
    reason: str
    condition: str = Field(
        "", description="Settings that differ from the published ones and matter for the verdict."
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
    plan: Plan
    sizes: dict[str, Size] = Field(description="By variant name.")
    data: tuple[DataFacts, ...]
    compute: ComputeConfig
    environment: Environment
    findings: tuple[Finding, ...] = ()
    audited: bool = Field(False, description="Whether findings are known.")
    command: str = ""
    started: str = ""
    finished: str = ""

"""The plan of a study: variants, contrasts, trials; and the compute settings of a trial."""

from collections import Counter
from typing import Any, Literal

from pydantic import Field

from cnn_ablate.schema.data_facts import DataFacts, data_set_names
from cnn_ablate.schema.study import DesignKind
from cnn_ablate.schema.values import SOURCE_KEY, Frozen, canonical

# Part of every trial's identity: raise it when a change of the trainer changes results.
TRAINING_VERSION = 1


class Variant(Frozen):
    """The baseline with some keys replaced."""

    name: str
    settings: dict[str, dict[str, Any]]
    levels: dict[str, str] = Field(description="Label of its level of each factor.")


class Contrast(Frozen):
    """A variant and its reference, to be compared in pairs by seed."""

    variant: str
    reference: str
    design: DesignKind
    factors: tuple[str, ...] = Field(description="Names of the factors (or keys) that differ.")
    changed: dict[str, tuple[Any, Any]] = Field(description="Dotted key: (reference's, variant's).")

    @property
    def sides(self) -> tuple[str, str]:
        """The names of the variant and of its reference."""
        return self.variant, self.reference


class Trial(Frozen):
    """A variant with a seed: the unit that is trained and stored."""

    id: str
    key: str = Field(description="SHA-256 of everything that determines the result.")
    variant: str
    seed: int
    settings: dict[str, dict[str, Any]]
    fingerprint: str = Field(
        description="SHA-256 of the data set, or of the input files of an external trainer."
    )

    @property
    def has_user_code(self) -> bool:
        """Whether the settings name user-defined code."""
        return f'"{SOURCE_KEY}"' in canonical(self.settings)


class Plan(Frozen):
    """Everything that a study trains and compares."""

    variants: tuple[Variant, ...]
    contrasts: tuple[Contrast, ...]
    trials: tuple[Trial, ...]
    excluded: tuple[str, ...] = ()
    same: dict[str, str] = Field({}, description="Variants that are equal to an earlier one.")
    aliases: tuple[str, ...] = Field((), description="Effects that a fractional design confounds.")

    @property
    def seed_counts(self) -> dict[str, int]:
        """Number of seeds per variant."""
        return dict(Counter(trial.variant for trial in self.trials))

    @property
    def paired_seeds(self) -> list[int]:
        """Number of seeds that both sides of each contrast have: the first ones of the study."""
        counts = self.seed_counts
        return [min(counts[c.variant], counts[c.reference]) for c in self.contrasts]

    @property
    def reference(self) -> str:
        """The variant that others are compared with: the baseline, or most contrasts' reference."""
        names = [variant.name for variant in self.variants]
        if "baseline" in names or not self.contrasts:
            return "baseline" if "baseline" in names else names[0]
        references = [contrast.reference for contrast in self.contrasts]
        return max(names, key=references.count)

    def data_name(self, facts: DataFacts) -> str:
        """Return the name of a data set that distinguishes it from the others of the plan."""
        # The first trial of each, which is that of the baseline if it can be.
        known = {t.fingerprint: t.settings.get("data", {}) for t in reversed(self.trials)}
        return data_set_names(known).get(facts.fingerprint, facts.name)


class Size(Frozen):
    """Size of a network: parameters, and multiply-accumulates of one image's forward pass."""

    parameters: int
    macs: int


COMMAND, ELSEWHERE = "command", "elsewhere"
"""The backends of trials that the user's command trained, and of those that were imported."""


class LayerSize(Frozen):
    """A layer of a network: the shape of its output per image, and its size."""

    name: str
    kind: str
    shape: tuple[int, ...] | None
    parameters: int
    macs: int


class ComputeConfig(Frozen):
    """How a trial is computed: may change the last bits of results, never what is studied."""

    device: str = "cpu"
    threads: int = 1
    layout: Literal["contiguous", "channels_last"] = "channels_last"
    fused: bool = Field(True, description="Optimizer update in one call, if torch has one.")
    onednn: bool = Field(True, description="Convolutions by oneDNN; not for small ones.")
    backend: str = Field("eager", description="How a training step is executed.")
    width: int = Field(1, description="Trials trained as one program.")

    @property
    def is_external(self) -> bool:
        """Whether something else trained, of which at most the device is known."""
        return self.backend in {COMMAND, ELSEWHERE}

"""The knobs of the training itself: its length, its method, and the weights that it reports."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from cnn_ablate.data import TtaViews
from cnn_ablate.models import INITS
from cnn_ablate.options import OneOf, Options, knob


class Training(Options):
    """Length and method of the training."""

    epochs: int = knob(10, "Number of passes over the training images.", ge=1, le=100_000)
    batch_size: int = knob(128, "Images per batch.", ge=1, le=1_000_000)
    precision: Literal["float32", "tf32", "bfloat16"] = knob(
        "float32",
        "Number format of convolutions and matrix products; weights stay float32. Without an "
        "NVIDIA GPU, tf32 means float32.",
    )
    select: Literal["last", "best_val", "best_test"] = knob(
        "last", "Epoch whose weights are reported; best_test only to repeat a paper that did so."
    )
    init: Annotated[str, OneOf("initialisation", INITS)] = knob(
        "default", "Initialisation of the weights."
    )
    clip_norm: float = knob(
        0.0, "Maximum norm of the gradient over all parameters; 0: no clipping.", ge=0
    )
    patience: int = knob(
        0, "Stop after so many epochs in which the monitored loss has not fallen; 0: never.", ge=0
    )
    average: Literal["none", "swa", "ema"] = knob(
        "none", "Report averaged weights: over epochs (swa), or a moving average over steps (ema)."
    )
    average_start: float = knob(
        0.75,
        "Fraction of the epochs before averaging.",
        ge=0,
        lt=1,
        needs={"average": ("swa", "ema")},
    )
    ema_decay: float = knob(
        0.999, "Decay of the moving average per step.", gt=0, lt=1, needs={"average": ("ema",)}
    )
    recalibrate_norm: bool = knob(
        False,
        "Re-estimate the statistics of batch norms over the training images, not augmented, before "
        "the last evaluation; swa always re-estimates them.",
        unless={"average": ("swa",)},
        added_later=True,
    )
    tta: TtaViews = knob((), "Test-time augmentation: views of each test image to average over.")
    tta_average: Literal["logits", "probabilities"] = knob(
        "probabilities", "What is averaged over the views.", unless={"tta": ((),)}
    )
    log_every: int = knob(0, "Steps between two logged values of the running loss; 0: none.", ge=0)

    @model_validator(mode="after")
    def _one_selection_of_weights(self) -> Self:
        if self.average != "none" and self.select != "last":
            raise ValueError("cannot report both averaged weights and those of the best epoch")
        return self

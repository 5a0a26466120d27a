"""The knobs of training itself: how long, in what way, and which weights are reported."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from cnn_ablate.data import TtaViews
from cnn_ablate.models import INITS
from cnn_ablate.options import OneOf, Options, knob


class Training(Options):
    """How long and in what way the network is trained."""

    epochs: int = knob(10, "Passes over the training images.", ge=1, le=100_000)
    batch_size: int = knob(128, "Images in a batch.", ge=1, le=1_000_000)
    precision: Literal["float32", "tf32", "bfloat16"] = knob(
        "float32",
        "Number format of convolutions and matrix products; weights stay float32. tf32 is float32 "
        "wherever there is no NVIDIA GPU.",
    )
    select: Literal["last", "best_val", "best_test"] = knob(
        "last", "Epoch whose weights are reported; best_test only to repeat a paper that did so."
    )
    init: Annotated[str, OneOf("initialisation", INITS)] = knob("default", "Initial weights.")
    clip_norm: float = knob(0.0, "Largest norm of the whole gradient; 0: no limit.", ge=0)
    patience: int = knob(
        0, "Stop once the watched loss has not fallen for so many epochs; 0: never.", ge=0
    )
    average: Literal["none", "swa", "ema"] = knob(
        "none", "Report averaged weights: of epochs (swa) or of steps, the later the more (ema)."
    )
    average_start: float = knob(
        0.75, "Share of the epochs before averaging.", ge=0, lt=1, needs={"average": ("swa", "ema")}
    )
    ema_decay: float = knob(
        0.999, "What the average keeps at each step.", gt=0, lt=1, needs={"average": ("ema",)}
    )
    tta: TtaViews = knob((), "Views of each test image whose predictions are averaged.")
    tta_average: Literal["logits", "probabilities"] = knob(
        "probabilities", "What is averaged over the views.", unless={"tta": ((),)}
    )
    log_every: int = knob(0, "Batches between two entries of the running loss; 0: none.", ge=0)

    @model_validator(mode="after")
    def _one_choice_of_weights(self) -> Self:
        if self.average != "none" and self.select != "last":
            raise ValueError("averaged weights and the best epoch's cannot both be reported")
        return self

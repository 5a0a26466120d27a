"""Pre-activation ResNet with Mish, attention in its blocks, and a Transformer block at the end."""

from functools import partial
from typing import Annotated, Literal

from jaxtyping import Float
from pydantic import model_validator
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.counter_dropout import Dropout
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, named_sequential, stage_sequence
from cnn_ablate.models.model_options import ModelOptions, Shape, Stages
from cnn_ablate.models.transformer_block import TransformerBlock
from cnn_ablate.options import OneOf, knob


class PreActResNetOptions(ModelOptions):
    """A pre-activation ResNet of under five million parameters.

    Reference: Choudhary, Dharmalingam and Singh, "Optimizing Deep Learning Architectures with
    Regularization and Attention Mechanisms for High-Performance Image Classification". The
    defaults are the network as released: without attention, its Transformer block never called.
    """

    blocks: Stages = knob((2, 2, 5, 3), "Blocks per stage.")
    width: int = knob(30, "Channels of the first stage; each later stage doubles them.", ge=1)
    residual: bool = knob(True, "Add a shortcut to each block.", added_later=True)
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Normalisation before each activation."
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "mish", "Activation before each convolution."
    )
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "none", "Attention at the end of each block, before the shortcut is added (paper: cbam)."
    )
    attention_ignored: bool = knob(
        False,
        "Build no attention after all, as the released code does: it misspells the name.",
        unless={"attention": ("none",)},
    )
    reduction: int = knob(
        16,
        "Factor by which attention reduces the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    transformer: Literal["none", "built", "used"] = knob(
        "built", "Transformer block after the last stage; `built` creates it and never calls it."
    )
    heads: int = knob(
        8,
        "Attention heads of the Transformer block.",
        ge=1,
        needs={"transformer": ("built", "used")},
    )
    dropout: float = knob(
        0.05, "Fraction of features dropped before each block's second convolution.", ge=0, lt=1
    )
    head_dropout: float = knob(
        0.05, "Fraction of features dropped before the last layer.", ge=0, lt=1
    )
    transformer_dropout: float = knob(
        0.05,
        "Fraction of features dropped in the Transformer block.",
        ge=0,
        lt=1,
        needs={"transformer": ("used",)},
    )

    @model_validator(mode="after")
    def _heads_fit(self) -> "PreActResNetOptions":
        features = self.width << (len(self.blocks) - 1)
        if self.transformer != "none" and features % self.heads:
            raise ValueError(f"{self.heads} heads do not divide {features} channels")
        return self

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
        return PreActResNet(self, shape[0], classes)


class PreActResNet(nn.Module):
    """The network of PreActResNetOptions."""

    def __init__(self, options: PreActResNetOptions, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, options.width, 3, padding=1, bias=False)
        self.stages, features = stage_sequence(
            options.blocks, options.width, partial(Block, options)
        )
        self.transformer = (
            None
            if options.transformer == "none"
            else TransformerBlock(
                features, heads=options.heads, dropout=options.transformer_dropout
            )
        )
        self.transformer_used = options.transformer == "used"
        self.last = named_sequential(
            norm=NORMS[options.norm](features), activation=ACTIVATIONS[options.activation]()
        )
        self.dropout = Dropout(options.head_dropout)
        self.output = nn.Linear(features, classes)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = self.stages(self.stem(images))
        if self.transformer is not None and self.transformer_used:
            x = self.transformer(x)
        x = self.last(x).mean((2, 3))
        logits: Tensor = self.output(self.dropout(x))
        return logits


class Block(nn.Module):
    """Norm, activation and convolution, twice.

    If residual, a shortcut is added that starts after the first activation.
    """

    def __init__(
        self, options: PreActResNetOptions, in_channels: int, out_channels: int, stride: int
    ) -> None:
        super().__init__()
        norm, activation = NORMS[options.norm], ACTIVATIONS[options.activation]
        self.first = named_sequential(norm=norm(in_channels), activation=activation())
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.second = named_sequential(norm=norm(out_channels), activation=activation())
        self.dropout = Dropout(options.dropout)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        attention = "none" if options.attention_ignored else options.attention
        self.attention = ATTENTION[attention](out_channels, _style(options))
        self.shortcut: nn.Module | None = nn.Identity() if options.residual else None
        if options.residual and (stride > 1 or in_channels != out_channels):
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels new_height new_width"]:
        """Return the maps, with the shortcut added if residual; not activated."""
        x = self.first(x)
        y: Tensor = self.attention(self.conv2(self.dropout(self.second(self.conv1(x)))))
        return y if self.shortcut is None else y + self.shortcut(x)


def _style(options: PreActResNetOptions) -> AttentionStyle:
    # Group norm of a few pooled numbers would cancel them, so CBAM only gets batch norm.
    norm = NORMS[options.norm if options.norm == "batch" else "none"]
    return AttentionStyle(
        reduction=options.reduction,
        least_hidden=8 if options.attention == "se" else 1,
        activation=ACTIVATIONS[options.activation],
        norm=norm,
    )

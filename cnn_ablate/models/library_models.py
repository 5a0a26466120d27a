"""Networks of libraries by name: `torchvision:resnet18`, `timm:resnet18`, with their weights.

The head is that of the number of classes, and the first convolution that of the channels.
"""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, cast

import torch
from pydantic import Field, create_model, model_validator
from torch import Tensor, nn

from cnn_ablate.custom import describe_failure
from cnn_ablate.errors import UserError
from cnn_ablate.models.initial_weights import initialise
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.models.weight_files import find_weights, load_weights, sha256_of
from cnn_ablate.options import knob
from cnn_ablate.rng import key
from cnn_ablate.value_errors import unknown_name

DEFAULT = "default"
Freeze = Literal["none", "backbone"] | Annotated[int, Field(ge=1)]


class LibraryModel(ModelOptions):
    """A network of a library, from scratch or with weights, perhaps with a frozen backbone."""

    on_meta: ClassVar[bool] = False
    name: ClassVar[str] = ""

    weights: str | None = knob(
        None,
        "`default` (the library's, downloaded), or a file: a state dict, or safetensors. The head "
        "is loaded if it has as many classes.",
    )
    freeze: Freeze = knob(
        "none", "`backbone`: only the head is trained; a number: for that many epochs."
    )
    arguments: dict[str, Any] = knob({}, "Further arguments of the library's function.")
    sha256: str = knob(
        "", "SHA-256 of the file, or the library's name of its weights; filled in, not chosen."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_digest(cls, values: Any) -> Any:
        weights = values.get("weights") if isinstance(values, Mapping) else None
        if not isinstance(weights, str) or values.get("sha256"):
            return values
        digest = cls.default_weights() if weights == DEFAULT else sha256_of(weights)
        return {**values, "sha256": digest}

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that are part of a trial's id: of a file only its digest."""
        known = super().identity(settings)
        is_file = known.get("weights") not in {None, DEFAULT}
        return {name: value for name, value in known.items() if name != "weights" or not is_file}

    @classmethod
    @abstractmethod
    def default_weights(cls) -> str:
        """Return the name of the library's weights; raises ValueError if it has none."""

    @abstractmethod
    def from_library(self, channels: int, classes: int) -> nn.Module:
        """Build the network with initial weights."""

    @abstractmethod
    def download(self, channels: int) -> dict[str, Tensor]:
        """Download the library's weights, for images of so many channels."""

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, and call it once with two images of zeros, of any size.

        Raises:
            UserError: building or calling it fails, or it returns no logits.
        """
        network: nn.Module = self._attempt(
            "building it failed", self.from_library, shape[0], classes
        )
        images = torch.zeros(2, *shape)
        with torch.no_grad():
            logits = self._attempt("calling it failed", network.eval(), images)
        if not isinstance(logits, Tensor) or logits.shape != (2, classes):
            raise UserError(self.name, f"returns no logits of shape {(2, classes)} for two images.")
        if self.freeze == "backbone":
            _freeze(network)
        return network.train()

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, whatever the size of the images, if the library can."""
        return self.network(shape, classes)

    def build_initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network with the library's initial weights, and load those of the study.

        Raises:
            UserError: they cannot be loaded, or are not those of this network.
        """
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, "init"))
            network = self.build(shape, classes)
        if scheme != "default":
            initialise(network, seed, scheme)
        if self.weights == DEFAULT:
            hint = "Download them elsewhere, and name the file: `weights: FILE`."
            state = self._attempt("no default weights", self.download, shape[0], hint=hint)
            load_weights(network, head_name(network), state, self.name)
        elif self.weights:
            state = find_weights(self.weights, self.sha256)
            load_weights(network, head_name(network), state, self.weights)
        return network

    def begin_epoch(self, network: nn.Module, epoch: int) -> None:
        """Freeze the backbone in this epoch, counted from 0, or train it again.

        A frozen backbone is in evaluation mode: running statistics stay, nothing is dropped.
        """
        if self.freeze == "none":
            return
        if self.freeze == "backbone" or epoch < self.freeze:
            _freeze(network)
            network.eval()
            network.get_submodule(head_name(network)).train()
        else:
            network.requires_grad_(requires_grad=True)

    def _attempt(self, action: str, function: Any, *args: Any, hint: str = "") -> Any:
        try:
            return function(*args)
        except Exception as error:
            raise UserError(self.name, describe_failure(action, error), hint) from error


class TorchvisionModel(LibraryModel):
    """A classifier of torchvision.models."""

    @classmethod
    def default_weights(cls) -> str:
        """Return the file name of torchvision's weights, which has the start of its SHA-256."""
        return str(cls._default().url).rpartition("/")[2]

    @classmethod
    def _default(cls) -> Any:
        from torchvision.models import get_model_weights  # noqa: PLC0415 - takes a second

        return get_model_weights(cls.name.partition(":")[2]).DEFAULT

    def from_library(self, channels: int, classes: int) -> nn.Module:
        """Build the network, and replace its first convolution unless images have 3 channels."""
        from torchvision.models import get_model  # noqa: PLC0415 - takes a second

        architecture = self.name.partition(":")[2]
        network: nn.Module = get_model(
            architecture, weights=None, num_classes=classes, **self.arguments
        )
        if channels != 3:
            _replace_stem(network, channels)
        return network

    def download(self, channels: int) -> dict[str, Tensor]:
        """Download the weights; they are adapted to the channels when they are loaded."""
        del channels
        state: dict[str, Tensor] = self._default().get_state_dict(progress=False, check_hash=True)
        return state


class TimmModel(LibraryModel):
    """A classifier of timm, which has to be installed."""

    @classmethod
    def default_weights(cls) -> str:
        """Return where timm takes its weights from."""
        import timm  # noqa: PLC0415 - an extra

        found = timm.get_pretrained_cfg(cls.name.partition(":")[2])
        source = found and (found.hf_hub_id or found.url)
        if not found or not source:
            raise ValueError(f"{cls.name} has no default weights")
        return f"{source}:{found.tag}"

    def from_library(self, channels: int, classes: int) -> nn.Module:
        """Build the network; timm replaces head and stem itself."""
        return self._create(in_chans=channels, num_classes=classes)

    def download(self, channels: int) -> dict[str, Tensor]:
        """Download the weights, which timm adapts to the channels."""
        return self._create(pretrained=True, in_chans=channels).state_dict()

    def _create(self, **arguments: Any) -> nn.Module:
        import timm  # noqa: PLC0415 - an extra

        architecture = self.name.partition(":")[2]
        network: nn.Module = timm.create_model(architecture, **arguments, **self.arguments)
        return network


LIBRARIES: dict[str, type[LibraryModel]] = {"torchvision": TorchvisionModel, "timm": TimmModel}
"""The libraries that networks can be named of, by the part of a name before its colon."""


@cache
def library_model_options(name: str) -> type[LibraryModel]:
    """Return the options class of a network of a library, by its name.

    Raises:
        UserError: the library is not installed, or has no such network.
    """
    library, _, architecture = name.partition(":")
    known = _known(library)
    if architecture not in known:
        raise UserError(name, *unknown_name(f"network of {library}", architecture, known))
    options = cast("type[LibraryModel]", create_model("LibraryModel", __base__=LIBRARIES[library]))
    options.name = name
    return options


def _known(library: str) -> list[str]:
    try:
        if library == "timm":
            import timm  # noqa: PLC0415 - an extra

            return list(timm.list_models())
        import torchvision  # noqa: PLC0415 - takes a second

        return list(torchvision.models.list_models(module=torchvision.models))
    except ImportError as error:
        hint = "Install it: pip install 'cnn-ablate[timm]'."
        raise UserError(library, "is not installed.", hint) from error


def head_name(network: nn.Module) -> str:
    """Return the name of the last linear layer or convolution: that of the classes."""
    layers: list[str] = [
        n for n, m in network.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)
    ]
    return layers[-1]


def _freeze(network: nn.Module) -> None:
    """Let no parameter but those of the head be trained."""
    network.requires_grad_(requires_grad=False)
    network.get_submodule(head_name(network)).requires_grad_(requires_grad=True)


def _replace_stem(network: nn.Module, channels: int) -> None:
    """Replace the first convolution by one for so many channels, with weights as spread."""
    name, old = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    new = nn.Conv2d(
        channels,
        old.out_channels,
        kernel_size=old.kernel_size,  # type: ignore[arg-type]
        stride=old.stride,  # type: ignore[arg-type]
        padding=old.padding,  # type: ignore[arg-type]
        dilation=old.dilation,  # type: ignore[arg-type]
        groups=old.groups,
        bias=old.bias is not None,
    )
    nn.init.normal_(new.weight, std=float(old.weight.detach().std()))
    parent, _, own = name.rpartition(".")
    setattr(network.get_submodule(parent), own, new)

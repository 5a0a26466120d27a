"""Networks of torchvision and timm by name: head, stem, size, weights of a file, frozen layers."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.models import find_dead_parameters, named_model_options, network_size
from cnn_ablate.models.library_models import head_name
from cnn_ablate.models.size import MacCounter
from cnn_ablate.schema import ComputeConfig, DataFacts, Trial
from cnn_ablate.settings import identity, resolve
from cnn_ablate.train import EagerProgram, Trainer, random_images

SMALL = "torchvision:shufflenet_v2_x0_5"
GRAY = (1, 28, 28)
FACTS = DataFacts(
    name="noise", fingerprint="", classes=tuple("abcdefghij"), shape=GRAY, train=0, test=0
)


@pytest.fixture
def here(tmp_path: Path) -> Any:
    """Search files of weights in a folder."""
    with user_code_folder(tmp_path):
        yield tmp_path


def save_weights(folder: Path, classes: int, channels: int = 1, name: str = "w.pt") -> Path:
    """Write the initial weights of the small network."""
    network = built(seed=7, channels=channels, classes=classes)
    torch.save(network.state_dict(), folder / name)
    return folder / name


def built(*, seed: int = 0, channels: int = 1, classes: int = 10, **knobs: Any) -> torch.nn.Module:
    """Build the small network."""
    options = named_model_options(SMALL).model_validate(knobs)
    return options.build_initialised((channels, 28, 28), classes, seed=seed, scheme="default")


def trained(knobs: dict[str, Any], epochs: int = 1) -> tuple[Trainer, dict[str, Tensor]]:
    """Train a few steps; return the trainer, and the weights before."""
    written = {
        "data": {"name": "fashion_mnist_sample"},
        "model": {"name": SMALL, **knobs},
        "training": {"epochs": 3, "batch_size": 16},
    }
    trial = Trial(id="t", key="", variant="", seed=0, settings=resolve(written), fingerprint="")
    trainer = Trainer(trial, random_images(FACTS, 32), ComputeConfig())
    before = trainer.weights()
    for epoch in range(epochs):
        EagerProgram(trainer).run_epoch(epoch, lambda _: None)
    return trainer, before


def test_sizes_are_the_published_ones() -> None:
    """Those of torchvision's ResNet-18 for 1,000 classes of 224 x 224 px, in multiply-adds."""
    size = network_size(named_model_options("torchvision:resnet18")(), (3, 224, 224), 1000)
    assert (11_689_512, 1_814_073_344) == (size.parameters, size.macs)


def test_attention_counts_its_projections_and_products() -> None:
    """Four projections of five tokens of width 8, and two products of all pairs of them."""
    attention = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    tokens = torch.zeros(1, 5, 8)
    with torch.no_grad(), MacCounter() as counter:
        attention(tokens, tokens, tokens)
    assert 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8 == counter.total


@pytest.mark.parametrize("channels", [1, 3])
def test_head_and_stem_are_those_of_the_data(channels: int) -> None:
    """As many logits as classes, from images of as many channels."""
    network = built(channels=channels, classes=7)
    assert (4, 7) == network.eval()(torch.zeros(4, channels, 28, 28)).shape


def test_a_network_of_timm(here: Path) -> None:
    """With its own replacement of head and stem."""
    pytest.importorskip("timm")
    options = named_model_options("timm:resnet10t")()
    network = options.build_initialised(GRAY, 7, seed=0, scheme="default")
    assert (2, 7) == network.eval()(torch.zeros(2, *GRAY)).shape


def test_names_that_a_library_does_not_have_are_refused() -> None:
    """With the nearest one."""
    with pytest.raises(UserError, match="Did you mean 'resnet18'"):
        named_model_options("torchvision:resnet81")


def test_weights_enter_the_identity_by_their_contents_alone(here: Path) -> None:
    """The same file under another name is the same trial; another file is not."""
    ids = []
    shutil.copy(save_weights(here, 10, name="a.pt"), here / "b.pt")
    save_weights(here, 4, name="c.pt")
    for name in ("a.pt", "b.pt", "c.pt"):
        written = {
            "data": {"name": "fashion_mnist_sample"},
            "model": {"name": SMALL, "weights": name},
        }
        ids.append(identity(resolve(written))["model"])
    assert ids[0] == ids[1] != ids[2]
    assert "weights" not in ids[0]


def test_weights_of_a_file_are_loaded(here: Path) -> None:
    """All of them if the classes are as many, else all but the head; color is summed to gray."""
    save_weights(here, 10)
    saved = torch.load(here / "w.pt")
    loaded = built(seed=1, weights="w.pt").state_dict()
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    save_weights(here, 4, channels=3)
    saved, loaded = torch.load(here / "w.pt"), built(seed=1, weights="w.pt").state_dict()
    assert torch.equal(saved["conv5.0.weight"], loaded["conv5.0.weight"])
    assert (10, 1024) == loaded["fc.weight"].shape
    assert torch.allclose(saved["conv1.0.weight"].sum(1, keepdim=True), loaded["conv1.0.weight"])


def test_safetensors_are_read(here: Path) -> None:
    """As a state dict is."""
    safetensors = pytest.importorskip("safetensors.torch")
    network = built(seed=7)
    safetensors.save_file(network.state_dict(), here / "w.safetensors")
    loaded = built(seed=1, weights="w.safetensors").state_dict()
    assert all(torch.equal(loaded[name], saved) for name, saved in network.state_dict().items())


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"no weights", "holds no state dict that can be read safely"),
        ([1, 2], "holds no state dict: tensors by name"),
        ({"conv9.weight": torch.zeros(3)}, "does not fit the network: conv1.0.weight"),
    ],
)
def test_files_that_do_not_fit_are_refused(here: Path, payload: Any, message: str) -> None:
    """In one sentence with the file."""
    if isinstance(payload, bytes):
        (here / "w.pt").write_bytes(payload)
    else:
        torch.save(payload, here / "w.pt")
    with pytest.raises(UserError, match=f"w.pt: .*{message}"):
        built(weights="w.pt")


def test_a_file_that_has_changed_is_refused(here: Path) -> None:
    """A trial is trained with the weights that its identity names."""
    save_weights(here, 10)
    options = named_model_options(SMALL).model_validate({"weights": "w.pt"})
    save_weights(here, 4)
    with pytest.raises(UserError, match="has changed since"):
        options.build_initialised(GRAY, 10, seed=0, scheme="default")


def test_a_frozen_backbone_stays_as_it_is() -> None:
    """With its running statistics; it counts as parameters, and none of it is dead."""
    trainer, before = trained({"freeze": "backbone"})
    after, head = trainer.weights(), head_name(trainer.model)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {f"{head}.weight", f"{head}.bias"} == moved
    assert 0 == trainer.history.dead_parameters
    options = trainer.options.model
    assert {} == find_dead_parameters(options, GRAY, 10)
    assert network_size(options, GRAY, 10) == network_size(type(options)(), GRAY, 10)


def test_a_backbone_is_frozen_for_some_epochs() -> None:
    """And trained after them."""
    trainer, before = trained({"freeze": 1}, epochs=1)
    assert torch.equal(before["conv5.0.weight"], trainer.weights()["conv5.0.weight"])
    EagerProgram(trainer).run_epoch(1, lambda _: None)
    assert not torch.equal(before["conv5.0.weight"], trainer.weights()["conv5.0.weight"])
    assert 0 == trainer.history.dead_parameters

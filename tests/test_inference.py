"""Inference: networks are loaded, and classify pictures, some of which are broken."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cnn_ablate
from cnn_ablate.data import Loader, load
from cnn_ablate.data.image_arrays import read_array
from cnn_ablate.data.image_files import Decoding
from cnn_ablate.errors import UserError
from cnn_ablate.inference import find_images, load_trained, predict
from cnn_ablate.schema import ComputeConfig, TrialResult
from cnn_ablate.settings import build_options
from cnn_ablate.store import Store
from cnn_ablate.train import TrialInput, train
from test_train import trial


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrialResult]:
    """Train one trial and keep it."""
    root = tmp_path_factory.mktemp("results")
    made = trial()
    images = load(build_options(made.settings).data)
    result = train(TrialInput(made, images), ComputeConfig())
    Store(root).publish(result)
    return root, result


def test_load_model_by_id_and_by_folder(kept: tuple[Path, TrialResult]) -> None:
    """The network of a trial gives the predictions of its test."""
    root, result = kept
    options = build_options(result.trial.settings)
    loader = Loader(load(options.data), options.data, seed=0, batch_size=40)
    batch = next(loader.test())
    stored = np.load(root / "trials" / result.trial.id / "predictions.npz")["predicted"]
    for model in (
        cnn_ablate.load_model(result.trial.id, root),
        cnn_ablate.load_model(root / "trials" / result.trial.id),
    ):
        assert not model.training
        assert stored.tolist() == model(batch.images).argmax(1).tolist()


def test_a_network_keeps_the_normalisation_by_its_training_images(tmp_path: Path) -> None:
    """`normalize: training` needs no data to predict: its numbers are in trial.json."""
    made = trial(data__normalize="training")
    images = load(build_options(made.settings).data)
    result = train(TrialInput(made, images), ComputeConfig())
    Store(tmp_path).publish(result)
    trained = load_trained(made.id, tmp_path)
    used = Loader(images, trained.options.data, seed=0, batch_size=40)

    assert result.pixels == (trained.normalization.mean, trained.normalization.std)
    assert used.normalization == trained.normalization
    assert 0.2 < trained.normalization.mean[0] < 0.4


def test_a_network_that_was_tampered_with_is_not_loaded(
    kept: tuple[Path, TrialResult], tmp_path: Path
) -> None:
    """Weights that do not match their checksum are not even opened."""
    root, result = kept
    copy = shutil.copytree(root / "trials" / result.trial.id, tmp_path / "copy")
    (copy / "model.pt").write_bytes(b"cos\nsystem\n(S'echo'\ntR.")
    with pytest.raises(UserError, match=r"model\.pt: does not match its checksum"):
        cnn_ablate.load_model(copy)
    (copy / "DONE").write_text("{}")
    with pytest.raises(UserError, match="DONE: is damaged"):
        cnn_ablate.load_model(copy)


def test_a_trial_without_its_network_says_so(
    kept: tuple[Path, TrialResult], tmp_path: Path
) -> None:
    """Its results are whole, but there is nothing to predict with."""
    root, result = kept
    copy = shutil.copytree(root / "trials" / result.trial.id, tmp_path / "copy")
    (copy / "model.pt").unlink()
    with pytest.raises(UserError, match="are here, but not its network"):
        cnn_ablate.load_model(copy)


def test_a_picture_that_unpacks_to_too_much_is_skipped(
    kept: tuple[Path, TrialResult], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported, and not unpacked."""
    monkeypatch.setattr("cnn_ablate.data.image_files._check_size", refuse)
    root, result = kept
    said = list(predict([load_trained(result.trial.id, root)], find_images(folder)))
    assert 0 < sum("too large" in one.error for one in said)
    assert all(one.error for one in said)


def refuse(*_: object) -> None:
    """Refuse a picture of any size."""
    raise ValueError("too large")


def test_no_such_trial(tmp_path: Path) -> None:
    """A trial that was never trained cannot be loaded."""
    with pytest.raises(UserError, match="no finished trial of this id or folder"):
        cnn_ablate.load_model("nothing", tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Save the first test images as pictures, one of them larger, one in colour, one broken."""
    place = tmp_path / "pictures"
    (place / "more").mkdir(parents=True)
    options = build_options(trial().settings).data
    everything = load(options)
    tested = next(Loader(everything, options, seed=0, batch_size=40).test()).samples[:4]
    images = everything.test[tested, 0].numpy()
    for i, image in enumerate(images):
        Image.fromarray(image).save(place / f"{i}.png")
    Image.fromarray(images[0]).resize((56, 56)).convert("RGB").save(place / "more" / "large.jpg")
    (place / "broken.png").write_bytes(b"no picture")
    return place


def test_predictions_name_classes_and_skip_what_is_broken(
    kept: tuple[Path, TrialResult], folder: Path
) -> None:
    """Every picture gets a class and a probability; a broken one gets its error."""
    trained = load_trained(kept[1].trial.id, kept[0])
    said = {Path(one.name).name: one for one in predict([trained], find_images(folder))}
    stored = np.load(kept[0] / "trials" / kept[1].trial.id / "predictions.npz")["predicted"]
    assert stored[:4].tolist() == [said[f"{i}.png"].label for i in range(4)]
    assert {10} == {len(one.probabilities) for one in said.values() if not one.error}
    assert "cannot be read as a picture" in said["broken.png"].error
    assert () == said["broken.png"].probabilities
    assert pytest.approx(1) == sum(said["large.jpg"].probabilities)


def test_views_change_probabilities(kept: tuple[Path, TrialResult], folder: Path) -> None:
    """Averaging over views changes the probability, which stays one."""
    trained = load_trained(kept[1].trial.id, kept[0])
    path = [folder / "1.png"]
    [plain], [averaged] = (list(predict([trained], path, tta=tta)) for tta in (False, True))
    assert plain.probabilities != averaged.probabilities
    assert pytest.approx(1) == sum(averaged.probabilities)


def test_several_networks_predict_by_their_mean(
    kept: tuple[Path, TrialResult], folder: Path
) -> None:
    """The probabilities of the networks are averaged, not their votes."""
    trained = load_trained(kept[1].trial.id, kept[0])
    other = replace(trained, model=copy.deepcopy(trained.model))
    with torch.no_grad():
        for parameter in other.model.parameters():
            parameter.neg_()
    path = [folder / "1.png"]
    [one], [two], [both] = (
        list(predict(networks, path)) for networks in ([trained], [other], [trained, other])
    )
    mean = [(a + b) / 2 for a, b in zip(one.probabilities, two.probabilities, strict=True)]
    assert pytest.approx(mean, abs=1e-6) == both.probabilities


@pytest.mark.parametrize("form", ["grey", "channels_last", "channels_first", "fractions", "npz"])
def test_arrays_of_images(kept: tuple[Path, TrialResult], folder: Path, form: str) -> None:
    """An array gives the predictions of the image files that have the same pixels."""
    trained = load_trained(kept[1].trial.id, kept[0])
    files = [folder / f"{i}.png" for i in range(4)]
    grey = np.stack([np.asarray(Image.open(file)) for file in files])
    path = folder / ("images.npz" if form == "npz" else "images.npy")
    arrays = {
        "grey": grey,
        "channels_last": np.stack([grey] * 3, -1),
        "channels_first": grey[:, None],
        "fractions": grey / 255,
        "npz": grey,
    }
    np.savez(path, arrays[form]) if form == "npz" else np.save(path, arrays[form])
    expected = [one.probabilities for one in predict([trained], files)]
    found = list(predict([trained], find_images(path)))
    assert ["0", "1", "2", "3"] == [one.name for one in found]
    assert pytest.approx(np.array(expected), abs=1e-5) == [one.probabilities for one in found]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pkl", b"cos\nsystem\n(S'touch pwned'\ntR.", "is a pickle, which can run any program"),
        ("a.npy", np.array([{}], dtype=object), "is a pickle, which can run any program"),
        ("a.npy", b"nothing", "pickle"),
        ("a.npy", np.zeros((2, 4, 4, 5)), "has the shape 2 x 4 x 4 x 5"),
        ("a.npy", np.zeros((1, 2, 3, 4, 5)), "has the shape 1 x 2 x 3 x 4 x 5: no images"),
        ("a.npy", np.full((1, 8, 8), 300.0), "has values from 300 to 300"),
    ],
)
def test_what_is_no_array_of_images_is_refused(
    tmp_path: Path, name: str, content: object, expected: str
) -> None:
    """One sentence with the file; a pickle is never opened, and one says how to convert it."""
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(UserError, match=expected):
        read_array(path, Decoding((1, 8, 8)))


def test_empty_folder(tmp_path: Path) -> None:
    """A folder without pictures, or no folder, is a user error."""
    with pytest.raises(UserError, match="contains no pictures"):
        find_images(tmp_path)
    with pytest.raises(UserError, match="no such file or folder"):
        find_images(tmp_path / "nowhere")


def test_hidden_files_are_not_classified(folder: Path) -> None:
    """Nor those of file managers, or in hidden folders; as in training."""
    before = [str(found) for found in find_images(folder)]
    (folder / ".trash").mkdir()
    for name in ("._0.png", ".trash/old.png", "Thumbs.db", "desktop.ini"):
        shutil.copy(folder / "0.png", folder / name)
    assert before == [str(found) for found in find_images(folder)]


def test_importing_the_package_needs_no_torch() -> None:
    """The names of the package are imported on first use."""
    assert torch.__name__ == "torch"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cnn_ablate.nothing  # noqa: B018 - asking is the test

"""The reference of the benchmarks: one training run as it is usually written, printed as JSON.

It uses per-image transforms in a DataLoader, float32, and torch's default number of threads,
memory layout and optimizer implementation.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cnn_ablate.data import Images, load, split
from cnn_ablate.models import Dropout
from cnn_ablate.settings import TrialOptions, build_options, resolve
from cnn_ablate.train.peak_memory import peak_memory_mb


class InMemory(Dataset[tuple[torch.Tensor, int]]):
    """Arrays in memory that yield one PIL image at a time, as torchvision's CIFAR10 does."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, transform: nn.Module) -> None:
        self.images = images.permute(0, 2, 3, 1).contiguous().numpy()
        self.labels = labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = transforms.functional.to_pil_image(self.images[index])
        return self.transform(image), self.labels[index]


def data_sets(
    images: Images, options: TrialOptions, augment: list[str]
) -> tuple[InMemory, InMemory]:
    """Return the training and the test set, each with its transforms."""
    channels, height, _ = images.facts.shape
    half = (0.5,) * channels
    plain = [transforms.ToTensor(), transforms.Normalize(half, half)]
    augmentations = {
        "random_crop": transforms.RandomCrop(height, padding=4),
        "horizontal_flip": transforms.RandomHorizontalFlip(),
    }
    augmented = transforms.Compose([*(augmentations[name] for name in augment), *plain])
    parts = split(images, options.data)
    train = InMemory(images.train[parts.train], images.train_labels[parts.train], augmented)
    test = images.test[parts.test], images.test_labels[parts.test]
    return train, InMemory(*test, transforms.Compose(plain))


def run(settings: dict[str, dict[str, object]], workers: int, device: str) -> dict[str, float]:
    """Train and evaluate after each epoch; return the images trained on and the last accuracy."""
    options = build_options(resolve(settings))
    images = load(options.data)
    on_gpu = device == "cuda"
    loader_options = {
        "batch_size": options.training.batch_size,
        "num_workers": workers,
        "pin_memory": on_gpu,
        "persistent_workers": workers > 0,
    }
    train_set, test_set = data_sets(images, options, settings["data"]["augment"])
    train_loader = DataLoader(train_set, shuffle=True, **loader_options)
    test_loader = DataLoader(test_set, **loader_options)
    model = with_torch_dropout(
        options.model.build(images.facts.shape, len(images.facts.classes))
    ).to(device)
    optimizer = options.optimizer.build(model)
    criterion = nn.CrossEntropyLoss()
    accuracy = 0.0
    for _ in range(options.training.epochs):
        model.train()
        for batch in train_loader:
            pixels, labels = (part.to(device, non_blocking=True) for part in batch)
            optimizer.zero_grad()
            loss = criterion(model(pixels), labels)
            loss.backward()
            optimizer.step()
            loss.item()
        accuracy = evaluate(model, test_loader, device)
    return {"images": len(train_set) * options.training.epochs, "accuracy": accuracy}


def with_torch_dropout(model: nn.Module) -> nn.Module:
    """Replace our dropout, whose masks are drawn per sample, by torch's."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, Dropout):
                setattr(module, name, nn.Dropout(child.rate))
    return model


def evaluate(model: nn.Module, loader: DataLoader[tuple[torch.Tensor, int]], device: str) -> float:
    """Return the accuracy on the test images."""
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for batch in loader:
            pixels, labels = (part.to(device, non_blocking=True) for part in batch)
            correct += int((model(pixels).argmax(1) == labels).sum())
            total += len(labels)
    return correct / total


def main() -> None:
    """Train once, and print the results and the cost as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path, help="a JSON file: the baseline of a study")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    start = time.perf_counter()
    results = run(json.loads(args.settings.read_text()), args.workers, args.device)
    peak = peak_memory_mb(args.device)
    print(json.dumps({**results, "seconds": time.perf_counter() - start, "peak_memory_mb": peak}))


if __name__ == "__main__":
    main()

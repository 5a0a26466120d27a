"""The rival: one training run as it is usually written, printed as JSON.

Per-image transforms in a DataLoader, float32, torch's default threads, layout and optimizer.
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
from cnn_ablate.train.memory import peak_memory_mb


class InMemory(Dataset[tuple[torch.Tensor, int]]):
    """Arrays in memory, one PIL image at a time, as torchvision's CIFAR10 gives them."""

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
    """Give training and test images, each behind its transforms."""
    channels, height, _ = images.facts.shape
    half = (0.5,) * channels
    plain = [transforms.ToTensor(), transforms.Normalize(half, half)]
    moves = {
        "random_crop": transforms.RandomCrop(height, padding=4),
        "horizontal_flip": transforms.RandomHorizontalFlip(),
    }
    moved = transforms.Compose([*(moves[name] for name in augment), *plain])
    chosen = split(images, options.data)
    train = InMemory(images.train[chosen.train], images.train_labels[chosen.train], moved)
    test = images.test[chosen.test], images.test_labels[chosen.test]
    return train, InMemory(*test, transforms.Compose(plain))


def run(settings: dict[str, dict[str, object]], workers: int, device: str) -> dict[str, float]:
    """Train and evaluate after each epoch; give images seen and the last accuracy."""
    options = build_options(resolve(settings))
    images = load(options.data)
    on_gpu = device == "cuda"
    knobs = {
        "batch_size": options.training.batch_size,
        "num_workers": workers,
        "pin_memory": on_gpu,
        "persistent_workers": workers > 0,
    }
    train_set, test_set = data_sets(images, options, settings["data"]["augment"])
    train_loader = DataLoader(train_set, shuffle=True, **knobs)
    test_loader = DataLoader(test_set, **knobs)
    model = usual(options.model.build(images.facts.shape, len(images.facts.classes))).to(device)
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


def usual(model: nn.Module) -> nn.Module:
    """Put torch's own dropout in place of the counted one."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, Dropout):
                setattr(module, name, nn.Dropout(child.rate))
    return model


def evaluate(model: nn.Module, loader: DataLoader[tuple[torch.Tensor, int]], device: str) -> float:
    """Give the accuracy on the test images."""
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for batch in loader:
            pixels, labels = (part.to(device, non_blocking=True) for part in batch)
            correct += int((model(pixels).argmax(1) == labels).sum())
            total += len(labels)
    return correct / total


def main() -> None:
    """Train once, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path, help="a JSON file: the baseline of a study")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    began = time.perf_counter()
    found = run(json.loads(asked.settings.read_text()), asked.workers, asked.device)
    peak = peak_memory_mb(asked.device)
    print(json.dumps({**found, "seconds": time.perf_counter() - began, "peak_memory_mb": peak}))


if __name__ == "__main__":
    main()

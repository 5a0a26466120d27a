"""The rival: one training run as it is usually written, printed as JSON."""

import argparse
import json
import resource
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from workloads import SIDE, WORKLOADS, Workload

from cnn_ablate.data import load
from cnn_ablate.settings import Parts, parts, settle


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


def pipelines(workload: Workload) -> tuple[transforms.Compose, transforms.Compose]:
    """Give the transforms of training and test images."""
    height, _, channels = SIDE[workload.images]
    half = (0.5,) * channels
    plain = [transforms.ToTensor(), transforms.Normalize(half, half)]
    moves = {
        "random_crop": transforms.RandomCrop(height, padding=4),
        "horizontal_flip": transforms.RandomHorizontalFlip(),
    }
    augments = [moves[name] for name in workload.augment]
    return transforms.Compose([*augments, *plain]), transforms.Compose(plain)


def run(workload: Workload, options: Parts, workers: int) -> int:
    """Train and evaluate; give the number of training images seen."""
    images = load(options.data)
    train_transform, test_transform = pipelines(workload)
    train_set = InMemory(images.train, images.train_labels, train_transform)
    test_set = InMemory(images.test, images.test_labels, test_transform)
    knobs = {"batch_size": workload.batch_size, "num_workers": workers}
    train_loader = DataLoader(train_set, shuffle=True, **knobs)
    test_loader = DataLoader(test_set, **knobs)
    model = options.model.build(images.facts.shape, len(images.facts.classes))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for _ in range(options.training.epochs):
        model.train()
        for pixels, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(pixels), labels)
            loss.backward()
            optimizer.step()
            loss.item()
        evaluate(model, test_loader)
    return len(train_set) * options.training.epochs


def evaluate(model: nn.Module, loader: DataLoader[tuple[torch.Tensor, int]]) -> float:
    """Give the accuracy on the test images."""
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for pixels, labels in loader:
            correct += int((model(pixels).argmax(1) == labels).sum())
            total += len(labels)
    return correct / total


def main() -> None:
    """Run one workload and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=0)
    chosen = parser.parse_args()
    workload = WORKLOADS[chosen.workload]
    began = time.perf_counter()
    seen = run(workload, parts(settle(workload.settings(chosen.folder))), chosen.workers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "images": seen, "peak_memory_mb": peak}))


if __name__ == "__main__":
    main()

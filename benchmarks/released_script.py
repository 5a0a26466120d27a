"""A published student program, as such programs are written: the rival of the study `fashion_lr`.

Fashion-MNIST by torchvision, ToTensor only, a DataLoader without shuffling, torch's default
threads; the last fifth of the training images validates each epoch, the test images the best one.
"""

import argparse
from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms


def network(convs: int) -> nn.Sequential:
    """Return model 1 (one convolution) or model 2 (two) of the program."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
    if convs == 2:
        layers += [nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AvgPool2d(2)]
    widths = [16 * 14 * 14, 128] if convs == 1 else [32 * 6 * 6, 256, 128]
    layers.append(nn.Flatten())
    for features, width in pairwise(widths):
        layers += [nn.Linear(features, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 10))


def accuracy(model: nn.Module, loader: DataLoader) -> float:
    """Return the accuracy on the images of a loader."""
    model.eval()
    with torch.no_grad():
        hits = [int((model(images).argmax(1) == labels).sum()) for images, labels in loader]
    return sum(hits) / len(loader.dataset)


def train(args: argparse.Namespace) -> float:
    """Train and validate for some epochs; return the test accuracy of the best weights."""
    options = {"root": args.data, "transform": transforms.ToTensor()}
    images = datasets.FashionMNIST(train=True, **options)
    split = len(images) * 4 // 5
    parts = (
        Subset(images, range(split)),
        Subset(images, range(split, len(images))),
        datasets.FashionMNIST(train=False, **options),
    )
    training, validation, test = (DataLoader(part, batch_size=64) for part in parts)
    model, criterion = network(args.convs), nn.CrossEntropyLoss()
    optimizer = getattr(torch.optim, args.optimizer)(model.parameters(), lr=args.lr)
    best, state = -1.0, model.state_dict()
    for _ in range(args.epochs):
        model.train()
        for pixels, labels in training:
            optimizer.zero_grad()
            loss = criterion(model(pixels), labels)
            loss.backward()
            optimizer.step()
        if (reached := accuracy(model, validation)) > best:
            best, state = reached, deepcopy(model.state_dict())
    model.load_state_dict(state)
    return accuracy(model, test)


def main() -> None:
    """Train one of the program's models, and print its test accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="folder in which torchvision finds FashionMNIST")
    parser.add_argument("--convs", type=int, choices=(1, 2), default=1)
    parser.add_argument("--optimizer", choices=("SGD", "Adam"), default="SGD")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=25)
    args = parser.parse_args()
    torch.manual_seed(0)
    print(train(args))


if __name__ == "__main__":
    main()

"""A training script as anybody may have it: its own data, network, optimizer and options."""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--activation", choices=("relu", "tanh"), default="relu")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, required=True)
args = parser.parse_args()


def spirals(points: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points on two noisy spirals (points, 2), and which of the two each is on."""
    label = torch.arange(points) % 2
    turn = 3 * torch.rand(points, generator=generator) + 0.5
    angle = turn * 3 + label * torch.pi
    plane = torch.stack([turn * angle.cos(), turn * angle.sin()], 1)
    return plane + 0.25 * torch.randn(points, 2, generator=generator), label


torch.set_num_threads(1)
torch.manual_seed(args.seed)
test_inputs, test_labels = spirals(500, torch.Generator().manual_seed(0))
inputs, labels = spirals(400, torch.Generator().manual_seed(args.seed + 1))
width, activation = args.hidden, {"relu": nn.ReLU, "tanh": nn.Tanh}[args.activation]
net = nn.Sequential(
    nn.Linear(2, width), activation(), nn.Linear(width, width), activation(), nn.Linear(width, 2)
)
optimizer = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
for epoch in range(args.epochs):
    for batch in torch.randperm(len(labels)).split(32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(inputs[batch]), labels[batch]).backward()
        optimizer.step()
    print(f"epoch={epoch + 1}/{args.epochs}")

predicted = net(test_inputs).argmax(1)
accuracy = (predicted == test_labels).double().mean().item()
(args.out / "metrics.json").write_text(json.dumps({"test_accuracy": accuracy}))
table = pd.DataFrame({"true": test_labels, "predicted": predicted})
table.to_csv(args.out / "predictions.csv", index=False)

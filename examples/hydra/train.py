"""A Hydra application; `python train.py -m lr=0.1,0.01 seed=0,1,2` trains all by itself."""

import json
from pathlib import Path

import hydra
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from torch import nn


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config: DictConfig) -> None:
    """Learn the product of the signs of two numbers."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    inputs = torch.randn(1200, 2)
    labels = (inputs.prod(1) > 0).long()
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[config.model.activation]
    units = config.model.units
    net = nn.Sequential(nn.Linear(2, units), activation(), nn.Linear(units, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=config.lr, momentum=0.9)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(inputs[:200]), labels[:200]).backward()
        optimizer.step()
    accuracy = (net(inputs[200:]).argmax(1) == labels[200:]).double().mean().item()
    out = Path(HydraConfig.get().runtime.output_dir)
    (out / "metrics.json").write_text(json.dumps({"test_accuracy": accuracy}))


if __name__ == "__main__":
    main()

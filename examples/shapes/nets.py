"""A ResNet of torchvision with three switches of our own; the arguments are the knobs."""

from typing import Any, Literal

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet


def resnet(
    classes: int,
    *,
    depth: Literal[10, 18] = 10,
    stem: Literal["small", "imagenet"] = "small",
    pool: Literal["mean", "max"] = "mean",
    shortcuts: bool = True,
) -> nn.Module:
    """Build a ResNet with basic blocks for small colour images.

    `stem` is the first layer: 3 x 3 at full resolution, or ImageNet's 7 x 7 and a max-pool, which
    look at a quarter of the rows and columns; `pool` is what the last layer sees of the map;
    without `shortcuts` the same layers are stacked plainly.
    """
    blocks = {10: [1, 1, 1, 1], 18: [2, 2, 2, 2]}[depth]
    network = ResNet(BasicBlock if shortcuts else PlainBlock, blocks, num_classes=classes)
    if stem == "small":
        network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        network.maxpool = nn.Identity()
    if pool == "max":
        network.avgpool = nn.AdaptiveMaxPool2d(1)
    return network


class PlainBlock(BasicBlock):
    """A basic block without its shortcut, and so without what fits the shortcut to it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        """Stack the two layers plainly."""
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)))

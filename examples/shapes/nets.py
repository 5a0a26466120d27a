"""A ResNet from torchvision with three switches; the arguments are the options of the study."""

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
    reduce height and width to a quarter; `pool` is the global pooling before the last layer;
    without `shortcuts` the same layers have no skip connections.
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
    """A basic block without its shortcut, and so without the projection on the shortcut."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        """Apply the two layers without a shortcut."""
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)))

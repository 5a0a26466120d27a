"""A Transformer encoder block whose tokens are the positions of a feature map."""

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.counter_dropout import Dropout
from cnn_ablate.models.layers import named_sequential


class TransformerBlock(nn.Module):
    """Multi-head self-attention and an MLP four times as wide, each followed by layer norm.

    Reference: Vaswani et al. 2017, section 3.1; without position encoding.
    """

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.ffn = named_sequential(
            fc1=nn.Linear(width, 4 * width), relu=nn.ReLU(), fc2=nn.Linear(4 * width, width)
        )
        self.norm2 = nn.LayerNorm(width)
        self.weight_dropout = Dropout(dropout)
        self.attention_dropout = Dropout(dropout)
        self.ffn_dropout = Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Return the maps after every position has attended to all positions of its image."""
        tokens: Tensor = x.flatten(2).transpose(1, 2)
        tokens = self.norm1(tokens + self.attention_dropout(self._attend(tokens)))
        tokens = self.norm2(tokens + self.ffn_dropout(self.ffn(tokens)))
        return tokens.transpose(1, 2).reshape(x.shape)

    def _attend(
        self, tokens: Float[Tensor, "batch token width"]
    ) -> Float[Tensor, "batch token width"]:
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).unbind(2)
        query, key, value = (part.transpose(1, 2) for part in (query, key, value))
        scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
        mixed = self.weight_dropout(scores.softmax(-1)) @ value
        attended: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return attended

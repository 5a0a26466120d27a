"""Attention modules against the formulas of their papers, written out by hand."""

import pytest
import torch

from cnn_ablate.models.attention import ATTENTION, CBAM, SE, AttentionStyle, SelfAttention
from cnn_ablate.models.transformer_block import TransformerBlock

X = torch.randn(2, 16, 5, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ATTENTION)
@pytest.mark.parametrize("channels", [1, 2, 3, 16, 30])
def test_shape_is_kept(name, channels):
    """Any number of channels, down to one, works; shape and memory format stay."""
    x = torch.randn(2, channels, 5, 6).to(memory_format=torch.channels_last)
    y = ATTENTION[name](channels, AttentionStyle())(x)

    assert x.shape == y.shape
    assert y.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", sorted(ATTENTION.keys() - {"none"}))
def test_no_dead_parameters(name):
    """A gradient reaches every parameter."""
    module = ATTENTION[name](16, AttentionStyle(reduction=4))
    module(X).square().sum().backward()

    assert all(weight.grad.isfinite().all() for weight in module.parameters())


@pytest.mark.parametrize(
    ("channels", "style", "expected"),
    [
        (3, AttentionStyle(reduction=3), 1),
        (3, AttentionStyle(reduction=16), 1),
        (240, AttentionStyle(reduction=16), 15),
        (30, AttentionStyle(reduction=16, least_hidden=8), 8),
    ],
)
def test_hidden_channels(channels, style, expected):
    """The hidden layer has channels / reduction channels, but never fewer than the least."""
    for kind in (SE, CBAM):
        assert expected == kind(channels, style).mlp.reduce.out_channels


def test_se_by_hand():
    """SE multiplies each channel by sigmoid(W2 relu(W1 mean))."""
    se = SE(16, AttentionStyle(reduction=4))
    first, second = se.mlp.reduce.weight[:, :, 0, 0], se.mlp.expand.weight[:, :, 0, 0]
    gates = ((X.mean((2, 3)) @ first.T).relu() @ second.T).sigmoid()

    torch.testing.assert_close(X * gates[:, :, None, None], se(X))


def test_cbam_by_hand():
    """CBAM: channel attention by means and maxima through one MLP, then spatial attention."""
    cbam = CBAM(16, AttentionStyle(reduction=4, spatial_maps=16))
    first, second = cbam.mlp.reduce.weight[:, :, 0, 0], cbam.mlp.expand.weight[:, :, 0, 0]
    pooled = (X.mean((2, 3)), X.flatten(2).max(2).values)
    gates = sum((p @ first.T).relu() @ second.T for p in pooled).sigmoid()
    y = X * gates[:, :, None, None]
    maps = torch.stack([y.mean(1), y.max(1).values], dim=1)
    places = torch.nn.functional.conv2d(maps, cbam.spatial.weight, padding=3).sigmoid()

    assert (2, 16, 5, 6) == places.shape
    torch.testing.assert_close(y * places, cbam(X))


def test_self_attention_by_hand():
    """Self-attention adds to each position the values of all, by the softmax of query and key."""
    module = SelfAttention(16, AttentionStyle())
    query, key, value = (part(X).flatten(2) for part in (module.query, module.key, module.value))
    expected = X.clone().flatten(2)
    for image in range(2):
        for place in range(30):
            weights = (query[image, :, place] @ key[image]).softmax(0)
            expected[image, :, place] += value[image] @ weights

    assert 2 == module.query.out_channels
    torch.testing.assert_close(expected.view_as(X), module(X))


def test_transformer_matches_torch():
    """The Transformer block computes what torch's encoder layer computes."""
    block = TransformerBlock(16, heads=4, dropout=0.1).eval()
    layer = torch.nn.TransformerEncoderLayer(16, 4, 64, dropout=0.0, batch_first=True).eval()
    ours = block.state_dict()
    names = {
        "self_attn.in_proj_": "qkv.",
        "self_attn.out_proj.": "out.",
        "linear1.": "ffn.fc1.",
        "linear2.": "ffn.fc2.",
        "norm1.": "norm1.",
        "norm2.": "norm2.",
    }
    layer.load_state_dict(
        {f"{t}{kind}": ours[f"{o}{kind}"] for t, o in names.items() for kind in ("weight", "bias")}
    )
    expected = layer(X.flatten(2).transpose(1, 2)).transpose(1, 2).view_as(X)

    torch.testing.assert_close(expected, block(X))

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.attention.blocks import (
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    Gate,
    start_weights,
)
from raysearch.models.attention.heads import CrossAttention, SelfAttention

B, N, M, W = 3, 5, 4, 8


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(B, N, W)


@pytest.fixture
def memory():
    torch.manual_seed(1)
    return torch.randn(B, M, W)


@pytest.fixture
def mask():
    """Return which of M positions there are: at least the first."""
    return torch.arange(M) < torch.tensor([[1], [3], [4]])


def randomised(module):
    """Return the module with other weights than it starts with, biases and scales too."""
    torch.manual_seed(2)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module


def copied(reference, *, query, key_value, output):
    """Give PyTorch's attention the weights of ours."""
    weights = [*([query.weight] if query else []), key_value.weight]
    biases = [*([query.bias] if query else []), key_value.bias]
    reference.in_proj_weight.data.copy_(torch.cat(weights))
    reference.in_proj_bias.data.copy_(torch.cat(biases))
    reference.out_proj.load_state_dict(output.state_dict())


def copied_self(reference, ours):
    copied(reference, query=None, key_value=ours.project, output=ours.output)


def copied_cross(reference, ours):
    copied(reference, query=ours.query, key_value=ours.remember, output=ours.output)


def test_self_attention_is_pytorchs(design, x):
    ours = randomised(SelfAttention(design))
    reference = nn.MultiheadAttention(W, design.heads, batch_first=True)
    copied_self(reference, ours)
    mask = torch.arange(N) < torch.tensor([[1], [3], [5]])
    expected, _ = reference(x, x, x, key_padding_mask=~mask)
    torch.testing.assert_close(ours(x, rotation=None, mask=mask[:, None, None]), expected)
    causal = nn.Transformer.generate_square_subsequent_mask(N)
    expected, _ = reference(x, x, x, attn_mask=causal, is_causal=True)
    torch.testing.assert_close(ours(x, rotation=None, is_causal=True), expected)


def test_cross_attention_is_pytorchs(design, x, memory, mask):
    ours = randomised(CrossAttention(design))
    reference = nn.MultiheadAttention(W, design.heads, batch_first=True)
    copied_cross(reference, ours)
    expected, _ = reference(x, memory, memory, key_padding_mask=~mask)
    found = ours(x, remembered=ours.remembered(memory), mask=mask[:, None, None])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("norm_placement", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_an_encoder_block_is_pytorchs(design, x, norm_placement, activation):
    ours = randomised(
        EncoderBlock(replace(design, norm_placement=norm_placement, activation=activation))
    )
    reference = nn.TransformerEncoderLayer(
        W, design.heads, dim_feedforward=2 * W, dropout=0.0, batch_first=True,
        activation=activation, norm_first=norm_placement == "pre",
    )  # fmt: skip
    copied_self(reference.self_attn, ours.attention)
    for theirs, own in (
        (reference.linear1, ours.feedforward[0]),
        (reference.linear2, ours.feedforward[3]),
        (reference.norm1, ours.around_attention.norm),
        (reference.norm2, ours.around_feedforward.norm),
    ):
        theirs.load_state_dict(own.state_dict())
    mask = torch.arange(N) < torch.tensor([[1], [3], [5]])
    expected = reference(x, src_key_padding_mask=~mask)
    found = ours(x, mask=mask[:, None, None], rotation=None)
    torch.testing.assert_close(found[mask], expected[mask], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm_placement", ["pre", "post"])
def test_a_decoder_block_is_pytorchs(design, x, memory, mask, norm_placement):
    ours = randomised(DecoderBlock(replace(design, norm_placement=norm_placement)))
    reference = nn.TransformerDecoderLayer(
        W, design.heads, dim_feedforward=2 * W, dropout=0.0, batch_first=True,
        norm_first=norm_placement == "pre",
    )  # fmt: skip
    copied_self(reference.self_attn, ours.attention)
    copied_cross(reference.multihead_attn, ours.cross_attention)
    for theirs, own in (
        (reference.linear1, ours.feedforward[0]),
        (reference.linear2, ours.feedforward[3]),
        (reference.norm1, ours.around_attention.norm),
        (reference.norm2, ours.around_cross_attention.norm),
        (reference.norm3, ours.around_feedforward.norm),
    ):
        theirs.load_state_dict(own.state_dict())
    causal = nn.Transformer.generate_square_subsequent_mask(N)
    expected = reference(
        x, memory, tgt_mask=causal, tgt_is_causal=True, memory_key_padding_mask=~mask
    )
    found = ours(x, memory=memory, mask=mask[:, None, None], rotation=None)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "function"),
    [("glu", torch.sigmoid), ("reglu", F.relu), ("geglu", F.gelu), ("swiglu", F.silu)],
)
def test_a_gate_multiplies_by_a_function_of_its_half(name, function, x):
    gate, value = x[..., : W // 2], x[..., W // 2 :]
    torch.testing.assert_close(Gate(name)(x), function(gate) * value)
    if name == "glu":
        torch.testing.assert_close(Gate(name)(x.flip(-1)), F.glu(x, dim=-1).flip(-1))


def test_a_gated_layer_has_as_many_parameters(design):
    sizes = [
        sum(parameter.numel() for parameter in FeedForward(each).parameters())
        for each in (
            replace(design, width=96, activation="relu"),
            replace(design, width=96, activation="swiglu"),
        )
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.01)


def test_rms_normalisation_keeps_the_mean(design, x):
    block = EncoderBlock(replace(design, normalization="rms"))
    expected = x / x.square().mean(-1, keepdim=True).sqrt()
    torch.testing.assert_close(block.around_attention.norm(x), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("heads", "shape", "positions", "head_width"),
    [
        (1, [5], "sinusoidal", 8),
        (3, [5], "sinusoidal", 3),
        (3, [5], "rotary", 4),
        (8, [5], "rotary", 2),
        (8, [1, 4, 4], "rotary", 4),
        (2, [1, 2, 4, 4], "rotary", 6),
    ],
)
def test_any_number_of_heads_goes_with_a_width(design, x, heads, shape, positions, head_width):
    form = "tokens" if len(shape) == 1 else "numbers"
    changed = replace(design, heads=heads, input_shape=shape, positions=positions, form=form)
    attention = SelfAttention(changed)
    assert attention.output.in_features == heads * head_width
    assert attention(x, rotation=None).shape == x.shape


@pytest.mark.parametrize("n_blocks", [1, 4])
def test_weights_start_at_their_documented_size(design, n_blocks):
    torch.manual_seed(0)
    wide = replace(design, width=128)
    stack = nn.ModuleList(EncoderBlock(wide) for _ in range(n_blocks))
    network = nn.Sequential(stack, nn.Embedding(50, 128))
    start_weights(network)
    assert network[1].weight[1:].std().item() == pytest.approx(128**-0.5, rel=0.05)
    assert network[1].weight[0].count_nonzero() == 0
    first, last = stack[0].feedforward[0], stack[0].feedforward[3]
    assert first.weight.std().item() == pytest.approx(128**-0.5, rel=0.05)
    shrunk = (256 * 2 * n_blocks) ** -0.5
    assert last.weight.std().item() == pytest.approx(shrunk, rel=0.05)
    assert stack[0].attention.output.weight.std().item() == pytest.approx(
        (128 * 2 * n_blocks) ** -0.5, rel=0.05
    )

from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.models.shared.residual import (
    BlockDesign,
    Blocks,
    MaskedConv2d,
    causal_mask,
    start_weights,
)

PLAIN = BlockDesign(kernel_size=3, connections="residual", activation="relu", dropout=0.0)


@pytest.mark.parametrize("sees_itself", [True, False])
def test_a_mask_leaves_what_comes_before_in_the_order_of_the_image(sees_itself):
    """Of three channels, for the one in the middle of the image."""
    mask = causal_mask(3, 3, 3, n_groups=3, sees_itself=sees_itself)
    assert mask[1, :, 0].eq(1).all()  # the row above
    assert mask[1, :, 1, 0].eq(1).all()  # the pixel to the left
    assert mask[1, :, 1, 1].tolist() == [1, float(sees_itself), 0]  # the pixel's own channels
    assert mask[1, :, 1, 2].eq(0).all()
    assert mask[1, :, 2].eq(0).all()


def test_a_masked_convolution_without_a_mask_is_torchs():
    masked = MaskedConv2d(2, 4, 3, n_groups=1, sees_itself=True)
    masked.mask.fill_(1)
    x = torch.randn(2, 2, 5, 4)
    torch.testing.assert_close(masked(x), nn.Conv2d.forward(masked, x))


def test_residual_blocks_without_a_branch_change_nothing():
    blocks = Blocks(3, 4, design=PLAIN)
    for block in blocks.blocks:
        nn.init.zeros_(block.second[-1].weight)
        nn.init.zeros_(block.second[-1].bias)
    x = torch.randn(2, 4, 5, 3)
    assert torch.equal(blocks(x), x)


def test_a_condition_changes_what_a_block_computes():
    design = BlockDesign(
        kernel_size=3, connections="plain", activation="relu", dropout=0.0, n_conditions=2
    )
    blocks, x = Blocks(1, 4, design=design), torch.randn(2, 4, 5, 3)
    first, second = (blocks(x, torch.full((2, 2), value)) for value in (0.0, 3.0))
    assert not torch.allclose(first, second)


def test_weights_start_as_if_masked_ones_were_not_there():
    torch.manual_seed(0)
    masked = MaskedConv2d(64, 64, 3, n_groups=1, sees_itself=True)
    output = nn.Conv2d(64, 64, 3)
    start_weights(nn.Sequential(masked, output), outputs=[output])
    used = masked.weight[masked.mask == 1]  # 64 * 64 * 5 of them
    assert used.std().item() == pytest.approx((2 / (64 * 5)) ** 0.5, rel=0.03)
    assert output.weight.std().item() == pytest.approx(0.1 / (64 * 9) ** 0.5, rel=0.03)
    assert not masked.bias.any()

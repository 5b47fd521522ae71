"""Does what is behind the end of an example have no part in what comes of it?"""

from __future__ import annotations

import pytest
import torch

from raysearch.models.shared.masking import max_of, mean_of, weighted_mean, within, zeroed

LENGTHS = torch.tensor([1, 4, 6])


def attended(x, inside):
    return weighted_mean(x, x[..., :1], inside)


@pytest.mark.parametrize("pool", [max_of, mean_of, attended])
def test_pooling_is_over_the_steps_that_there_are(pool):
    torch.manual_seed(0)
    x = torch.randn(3, 6, 5)
    pooled = pool(x, within(LENGTHS, 6))
    behind = x.masked_fill(~within(LENGTHS, 6)[..., None], 9.0)
    torch.testing.assert_close(pool(behind, within(LENGTHS, 6)), pooled)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(pooled[row], pool(x[row : row + 1, :length], None)[0])


def test_weights_are_the_softmax_of_the_scores():
    x, scores = torch.randn(2, 3, 4), torch.randn(2, 3, 1)
    weights = scores.exp() / scores.exp().sum(1, keepdim=True)
    torch.testing.assert_close(weighted_mean(x, scores, None), (weights * x).sum(1))


def test_channels_are_zero_behind_the_end_and_nowhere_else():
    x = torch.ones(3, 2, 6)
    assert zeroed(x, LENGTHS).sum((1, 2)).tolist() == [2, 8, 12]
    assert not zeroed(x, LENGTHS)[0, :, 1:].any()
    assert zeroed(x, None) is x

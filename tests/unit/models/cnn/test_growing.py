"""Does a convolutional network of another shape compute what the one did whose weights it has?"""

from __future__ import annotations

import pytest
import torch

from raysearch.models.cnn.module import CNN
from tests.unit.models.grown import check, grown, trained

BASE = {"input_shape": [1, 8, 8], "n_outputs": 4, "width": 8, "stages": 2, "blocks_per_stage": 1}
RESIDUAL, DENSE = {"connections": "residual"}, {"connections": "dense"}
CELL = {"connections": "cell"}
CHAIN = {"edge_0_1": "separable_3", "edge_1_3": "conv_1", "edge_1_2": "none"}
GELU, GROUP = {"activation": "gelu"}, {"normalization": "group"}
BOTTLENECK = {"block": "inverted_bottleneck", "expansion": 2}
ALL = {"width": 13, "kernel_size": 5, "width_growth": 3.0}

PRESERVED = [
    ({}, {**ALL, "blocks_per_stage": 3}),
    (GELU, ALL),
    ({"normalization": "none"}, {**ALL, "blocks_per_stage": 2}),
    (GROUP, {"width": 16, "kernel_size": 5}),
    ({"pooling": "stride"}, ALL),
    ({"block": "basic"}, {**ALL, "blocks_per_stage": 2}),
    ({"block": "depthwise_separable"}, {**ALL, "blocks_per_stage": 2}),
    (BOTTLENECK, {**ALL, "blocks_per_stage": 2, "expansion": 3}),
    (RESIDUAL, {**ALL, "blocks_per_stage": 2}),
    ({**RESIDUAL, "block": "basic", "width_growth": 1.0}, {"width": 16, "width_growth": 1.0}),
    ({**RESIDUAL, **GROUP}, {"blocks_per_stage": 2}),
    ({**RESIDUAL, **GELU, **BOTTLENECK}, {**ALL, "blocks_per_stage": 2}),
    ({**DENSE, **GELU}, {**ALL, "blocks_per_stage": 3, "growth_rate": 0.75}),
    ({**DENSE, "block": "depthwise_separable"}, {**ALL, "blocks_per_stage": 2}),
    ({"head_pooling": "max"}, {"stages": 4, "width": 13}),
    ({"pooling": "average", **RESIDUAL}, {"stages": 3}),
    (CELL, {"width": 13, "blocks_per_stage": 2}),
    ({**CELL, **GELU}, {"edge_1_3": "conv_3"}),
    ({**CELL, **CHAIN}, {"edge_0_1": "separable_5", "edge_1_3": "conv_3"}),
    ({**CELL, **CHAIN}, {"edge_1_2": "dilated_3", "width": 13}),
    ({"n_parameters": 2000}, {"n_parameters": 4000}),
]

LOST = [
    ({}, {"width": 4}, "4 of 8 channels are left"),
    ({}, {"kernel_size": 1}, "a kernel has size 1 instead of 3"),
    ({}, {"stages": 1}, "stages is 1 instead of 2"),
    ({}, {"stages": 3}, "stages is 3 instead of 2"),
    ({}, {"pooling": "average"}, "pooling is average instead of max"),
    ({}, {"head_pooling": "max"}, "head_pooling is max instead of average"),
    ({}, {"block": "basic"}, "block is basic instead of plain"),
    ({}, RESIDUAL, "connections is residual instead of plain"),
    ({}, CELL, "connections is cell instead of plain"),
    (GELU, {"blocks_per_stage": 2}, "a block is added, and plain blocks with plain connections"),
    (GROUP, {"blocks_per_stage": 2}, "a convolution is added with a normalisation over channels"),
    (GROUP, {"width": 13}, "a normalisation is over 13 channels instead of 8"),
    ({"blocks_per_stage": 2}, {"blocks_per_stage": 1}, "blocks_per_stage is 1 instead of 2"),
    ({**DENSE, "blocks_per_stage": 2}, {"blocks_per_stage": 1}, "blocks_per_stage is 1"),
    (CELL, {"edge_1_2": "none"}, "edge_1_2 leads nowhere instead of being conv_3"),
    (CELL, {"edge_1_3": "average_pool"}, "edge_1_3 is average_pool, which cannot be silent"),
    (CELL, {"edge_2_3": "conv_1"}, "edge_2_3 is conv_1 instead of conv_3"),
    (CELL, {"cell_space": "large"}, "cell_space is large instead of nas_bench_201"),
]


@pytest.mark.parametrize(("base", "change"), PRESERVED)
def test_what_is_computed_is_kept(base, change):
    check(CNN, {**BASE, **base}, change, is_preserved=True)


@pytest.mark.parametrize(("base", "change", "why"), LOST)
def test_what_cannot_be_kept_is_said(base, change, why):
    _, transfer = check(CNN, {**BASE, **base}, change, is_preserved=False)
    assert any(why in told for told in transfer.changes), transfer.changes


@pytest.mark.parametrize("shape", [(2, 12), (1, 4, 6, 6)])
def test_series_and_clips_grow_as_images_do(shape):
    inputs = torch.randn(8, *shape)
    base = {**BASE, "input_shape": list(shape)}
    check(CNN, base, {"width": 13, "kernel_size": 5}, is_preserved=True, inputs=inputs)


def test_a_stage_that_is_added_changes_nothing_where_pooling_allows_it_and_only_there():
    odd = torch.randn(8, 1, 12, 12)  # 6, 3: the mean of means of three is none of three
    base = {**BASE, "input_shape": [1, 12, 12], "pooling": "average"}
    check(CNN, base, {"stages": 3}, is_preserved=True, inputs=odd)
    check(CNN, base, {"stages": 4}, is_preserved=False, inputs=odd)


def test_of_another_wiring_the_stem_is_kept():
    old, new = trained(CNN(**BASE)), CNN(**{**BASE, **DENSE})
    transfer = grown(old, new)
    assert torch.equal(new.network.stem[0][0].weight, old.network.stem[0][0].weight)
    assert set(transfer.preserved) == {"network.stem.0.0", "network.stem.0.1"}

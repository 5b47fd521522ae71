from __future__ import annotations

import pytest

from raysearch.models.attention.design import TransformerDesign


@pytest.fixture
def design():
    """Return a small encoder of five tokens or fewer, to be replaced in part."""
    return TransformerDesign(
        input_shape=[5],
        n_outputs=3,
        task="classification",
        form="tokens",
        vocabulary=9,
        target_length=0,
        stem="linear",
        patch_size=1,
        depth=2,
        decoder_depth=2,
        width=8,
        heads=2,
        feedforward_ratio=2.0,
        activation="relu",
        norm_placement="pre",
        normalization="layer",
        positions="sinusoidal",
        pooling="mean",
        weight_tying=False,
        dropout=0.0,
        attention_dropout=0.0,
    )

"""What do tests of convolutional networks start from?"""

from __future__ import annotations

from raysearch.models.cnn.design import CNNDesign
from raysearch.models.cnn.wiring import DEFAULTS, edge_key

DESIGN = CNNDesign(
    input_shape=[3, 9, 7],
    n_outputs=5,
    connections="plain",
    block="plain",
    expansion=3,
    growth_rate=0.5,
    stages=3,
    blocks_per_stage=2,
    n_parameters=0,
    width=8,
    width_growth=2.0,
    pooling="stride",
    kernel_size=3,
    normalization="none",
    activation="relu",
    head_pooling="average",
    dropout=0.0,
    cell_space="nas_bench_201",
    **{edge_key(edge): operation for edge, operation in DEFAULTS.items()},
)

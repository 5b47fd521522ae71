"""How is a convolutional network trained? The family `cnn` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Task
from raysearch.models.cnn.design import CNNDesign
from raysearch.models.cnn.network import CNNNetwork, fitted
from raysearch.models.cnn.space import legal_domains
from raysearch.models.shared.arguments import (
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.supervised import SupervisedModule


class CNN(SupervisedModule):
    """A convolutional network with its training, for series, images and clips.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of other
    connections, another block, optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example: (C, T) of a series of T steps, (C, H, W) of an image,
            (C, D, H, W) of a clip of D frames.
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        connections: How a stage is wired. "plain": blocks one after the other; "residual": with a
            shortcut around each; "dense": each reads all channels so far in the stage, and adds
            some; "cell": cells one after the other, graphs of an operation on each edge.
        block: What stages without cells are made of: "plain", a convolution; "basic", two of them;
            "depthwise_separable"; or "inverted_bottleneck". Shortcuts are the connections'.
        expansion: Of the inverted bottleneck, 1 to 64: how many times wider it is inside.
        growth_rate: Of dense connections, 0.01 to 4: channels that each block adds, as a share of
            the width of its stage.
        stages: 1 to 1 + log2(T) or log2(min(H, W)); each but the first halves all axes. The default
            needs images of 4x4 or more.
        blocks_per_stage: Or cells, 1 to 100.
        n_parameters: Of the whole network, up to 10^9. The stages are then as wide as comes nearest
            to it, not in multiples of eight, and `width` has no effect. 0 is what `width` gives.
        width: Channels of the first stage, 1 to 8192.
        width_growth: Factor of the channels from stage to stage, 1 to 4.
        pooling: How the axes are halved: "max", "average", or "stride" (a strided convolution).
        kernel_size: Of the convolutions, along each axis: 1, 3, 5, 7 or 9. With cells, of the first
            one alone.
        normalization: After each convolution: "batch", "group" (of eight groups) or "none".
        activation: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
        head_pooling: Over all that is left of the axes after the last stage: "average" or "max".
        dropout: Share of the pooled channels dropped in training, 0 to 0.95.
        cell_space: "nas_bench_201", with four nodes, numbered from 0, or "large", with five. On the
            edges of the first the paper's operations are searched, "none" to "average_pool" below;
            all are legal in both.
        edge_0_1: Operation from node 0, the cell's input, to node 1: "none", "skip", "conv_1",
            "conv_3", "average_pool", "max_pool", "separable_3", "separable_5" or "dilated_3". A
            node is the sum of what leads to it. Where every path to the last node has a "none", the
            network tells nothing of its input.
        edge_0_2: Likewise, from node 0 to node 2.
        edge_1_2: Likewise.
        edge_0_3: Likewise.
        edge_1_3: Likewise.
        edge_2_3: Likewise. Node 3 is the last of "nas_bench_201", and what follows of "large" only.
        edge_0_4: Likewise.
        edge_1_4: Likewise.
        edge_2_4: Likewise.
        edge_3_4: Likewise.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of weight matrices, at least 0; biases and normalisations do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.
        loss: "cross_entropy" or "focal"; for regression "mse", "huber" or "mae". None is the first
            of these.
        label_smoothing: Of cross_entropy, 0 to 1.
        focal_gamma: Of focal, at least 0.
        huber_delta: Of huber, above 0, in units of the target.
        class_weighting: Of classification, 0 to 1: the weight of class c in the loss is in
            proportion to n_c to the power of minus this. 0 is none; 1 lets all classes together
            count the same. Above 0 it needs class_counts.
        class_counts: Training examples n_c of each class; empty where they are not known.
        target_scale: Of regression: what 1 in the targets is in the data's own unit, in which RMSE
            and MAE are logged.

    Example:
        >>> import torch
        >>> cnn = CNN(input_shape=[1, 8, 8], n_outputs=10, stages=2, width=8)
        >>> cnn(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "classification",
        connections: str = "plain",
        block: str = "plain",
        expansion: int = 4,
        growth_rate: float = 0.5,
        stages: int = 3,
        blocks_per_stage: int = 1,
        n_parameters: int = 0,
        width: int = 16,
        width_growth: float = 2.0,
        pooling: str = "max",
        kernel_size: int = 3,
        normalization: str = "batch",
        activation: str = "relu",
        head_pooling: str = "average",
        dropout: float = 0.1,
        cell_space: str = "nas_bench_201",
        edge_0_1: str = "conv_3",
        edge_0_2: str = "skip",
        edge_1_2: str = "conv_3",
        edge_0_3: str = "skip",
        edge_1_3: str = "none",
        edge_2_3: str = "conv_3",
        edge_0_4: str = "skip",
        edge_1_4: str = "none",
        edge_2_4: str = "none",
        edge_3_4: str = "conv_3",
        optimizer: str = "adamw",
        learning_rate: float = 5e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.0,
        loss: str | None = None,
        label_smoothing: float = 0.0,
        focal_gamma: float = 2.0,
        huber_delta: float = 1.0,
        class_weighting: float = 0.0,
        class_counts: Sequence[int] = (),
        target_scale: float = 1.0,
    ) -> None:
        super().__init__()
        input_shape = plain_shape(input_shape)
        class_counts = plain_counts(class_counts)
        loss = default_loss(task) if loss is None else loss
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="CNN", legal_domains=legal_domains)
        self.learn(
            network=CNNNetwork(fitted(select(CNNDesign, self.hparams))),
            settings=select(TrainingSettings, self.hparams),
        )

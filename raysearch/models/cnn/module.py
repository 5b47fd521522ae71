"""How is a convolutional network trained? The family `cnn` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Task
from raysearch.models.cnn.network import CNNDesign, CNNNetwork
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
    """A convolutional network with its training, for images.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another block,
    optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one image, (C, H, W).
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        block: "plain", "residual", "depthwise_separable" or "inverted_bottleneck".
        expansion: Of the inverted bottleneck, 1 to 64: how many times wider it is inside.
        stages: 1 to 1 + log2(min(H, W)); each but the first halves the image. The default needs
            images of 4x4 or more.
        blocks_per_stage: 1 to 100.
        width: Channels of the first stage, 1 to 8192.
        width_growth: Factor of the channels from stage to stage, 1 to 4.
        pooling: How the image is halved: "max", "average", or "stride" (a strided convolution).
        kernel_size: Of the convolutions, in pixels: 1, 3, 5, 7 or 9.
        normalization: After each convolution: "batch", "group" (of eight groups) or "none".
        activation: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
        head_pooling: Over all pixels after the last stage: "average" or "max".
        dropout: Share of the pooled channels dropped in training, 0 to 0.95.
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
        block: str = "plain",
        expansion: int = 4,
        stages: int = 3,
        blocks_per_stage: int = 1,
        width: int = 16,
        width_growth: float = 2.0,
        pooling: str = "max",
        kernel_size: int = 3,
        normalization: str = "batch",
        activation: str = "relu",
        head_pooling: str = "average",
        dropout: float = 0.1,
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
            network=CNNNetwork(select(CNNDesign, self.hparams)),
            settings=select(TrainingSettings, self.hparams),
        )

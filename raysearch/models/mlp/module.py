"""How is a multilayer perceptron trained? The family `mlp` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Task
from raysearch.models.mlp.network import MLPDesign, MLPNetwork
from raysearch.models.mlp.space import legal_domains
from raysearch.models.shared.arguments import (
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.supervised import SupervisedModule


class MLP(SupervisedModule):
    """A multilayer perceptron with its training, for examples of any shape, and rows of tables.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another
    optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example without the batch; all dimensions are flattened.
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        cardinalities: Of rows of a table: how many categories each of the last columns has; these
            hold the categories' numbers, counted from 0. Each gets an embedding.
        embedding_factor: Size of the embeddings, 0.1 to 10 times that of a rule of thumb. Has no
            effect without categories.
        depth: Hidden layers, 1 to 100.
        width: Units in each hidden layer, 1 to 65536.
        connections: "plain"; "residual" leads shortcuts around the layers, from the second on;
            "dense" lets each layer, and the output, read all layers before it.
        normalization: After each linear layer: "none", "batch" or "layer".
        activation: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
        dropout: Share of hidden units dropped in training, 0 to 0.95.
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
        >>> mlp = MLP(input_shape=[1, 8, 8], n_outputs=10, depth=2, width=16)
        >>> mlp(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "classification",
        cardinalities: Sequence[int] = (),
        embedding_factor: float = 1.0,
        depth: int = 3,
        width: int = 128,
        connections: str = "plain",
        normalization: str = "batch",
        activation: str = "relu",
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
        class_counts, cardinalities = plain_counts(class_counts), plain_counts(cardinalities)
        loss = default_loss(task) if loss is None else loss
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="MLP", legal_domains=legal_domains)
        self.learn(
            network=MLPNetwork(select(MLPDesign, self.hparams)),
            settings=select(TrainingSettings, self.hparams),
        )

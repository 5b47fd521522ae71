"""How is a recurrent network trained? The family `rnn` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Form, Task
from raysearch.models.rnn.network import RNNDesign, RNNNetwork
from raysearch.models.rnn.space import legal_domains
from raysearch.models.shared.arguments import (
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.supervised import SupervisedModule


class RNN(SupervisedModule):
    """A recurrent network with its training, for series of numbers or of tokens.

    It takes series of one length, or their lengths beside them. Long series may need clipped
    gradients, which are the Trainer's: `trainer: {gradient_clip_val: 1.0}` in an experiment.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another cell,
    front, optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example: (C, T), or (T,) for tokens; T is of the longest one.
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        form: What an example holds, "numbers" or "tokens".
        vocabulary: Of tokens: how many symbols there are.
        cell: "rnn" (Elman's), "gru" or "lstm".
        nonlinearity: Of the cell "rnn": "tanh" or "relu".
        layers: Recurrent layers, 1 to 20.
        hidden_size: Size of the state of a layer in one direction, 1 to 8192.
        bidirectional: Whether each layer reads the series from both ends.
        connections: "residual" leads shortcuts around the layers from the second on; in "dense"
            each reads the outputs of all before it; "plain" has none.
        normalization: After each layer: "none" or "layer".
        pooling: How the steps become one vector: "last" (where each direction ends), "mean", "max"
            or "attention".
        dropout: Share dropped in training of what layers after the first and the output read, 0 to
            0.95.
        embedding_size: Of tokens: numbers in the vector of a symbol, 1 to 4096.
        front: What stands before the first layer: "none" or "convolution".
        front_layers: Convolutions in front, 1 to 8.
        front_channels: Of these, 1 to 4096.
        front_kernel_size: Of these, in steps: 1, 3, 5, 7, 9, 11 or 15.
        front_stride: Of each of these, 1 to 8: so many times fewer steps are left.
        activation: Of these: "relu", "leaky_relu", "gelu", "silu", "elu" or "tanh".
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
        >>> rnn = RNN(input_shape=[2, 16], n_outputs=3, hidden_size=8)
        >>> rnn(torch.zeros(5, 2, 16)).shape
        torch.Size([5, 3])
        >>> rnn(torch.zeros(2, 2, 16), torch.tensor([16, 9])).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "classification",
        form: Form = "numbers",
        vocabulary: int = 0,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        layers: int = 1,
        hidden_size: int = 64,
        bidirectional: bool = True,
        connections: str = "plain",
        normalization: str = "none",
        pooling: str = "max",
        dropout: float = 0.1,
        embedding_size: int = 64,
        front: str = "none",
        front_layers: int = 2,
        front_channels: int = 32,
        front_kernel_size: int = 5,
        front_stride: int = 2,
        activation: str = "relu",
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
        check_arguments(self.hparams, owner="RNN", legal_domains=legal_domains)
        self.learn(
            network=RNNNetwork(select(RNNDesign, self.hparams)),
            settings=select(TrainingSettings, self.hparams),
        )

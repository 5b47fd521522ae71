"""How is a tree-recursive network trained? The family `tree` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Form, Task
from raysearch.models.shared.arguments import (
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.supervised import SupervisedModule
from raysearch.models.tree.network import TreeDesign, TreeNetwork
from raysearch.models.tree.space import legal_domains


class Tree(SupervisedModule):
    """A tree-recursive network with its training, for trees of symbols and for series.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another
    composition, optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example without the batch: (2, N) for trees of up to N nodes,
            (C, T) for series of C channels and up to T steps. N and T do not limit what the
            network reads.
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        form: "tree", or "numbers" for series, over which a balanced binary tree is laid.
        vocabulary: Of trees: how many symbols there are.
        embedding_size: Of trees: size of the vectors that stand for symbols, 1 to 8192.
        cell: "lstm" (Tree-LSTM), "gru" (Tree-GRU), "recursive" (a single layer), or "gated" (gates
            and candidate by a hidden layer, and a normalised state), which computes more of its
            children in one composition.
        hidden_ratio: Of "gated": size of the hidden layer, in multiples of `width`, 1 to 16.
        composition: "child_sum" adds up a node's children; "n_ary" gives the first, second and so
            on weights of their own; "fold" takes them in one after the other by a binary cell,
            beginning with the node's own symbol, as if "[MAX 2 9 4]" were ((([MAX 2) 9) 4).
        closing: Of "fold": whether a node takes in a learnt symbol behind its last child, as if it
            were (((([MAX 2) 9) 4) ]). What it has gathered then has a step of its own to become
            what its parent takes in.
        arity: Of "n_ary": places for children, 1 to 64. Children beyond the last place share it.
        leaf: Nodes without children go through the cell ("shared") or have a layer of their "own".
        depth: Layers on top of each other, 1 to 32.
        width: Size of the state of a node, 1 to 8192.
        connections: "residual" adds what goes into a layer to what comes out, from the second on;
            "plain" does not.
        normalization: "layer" normalises what goes into each candidate's activation; or "none".
        activation: Of what a node would add to its state, of "gated" of the hidden layer: "relu",
            "leaky_relu", "gelu", "silu", "elu" or "tanh".
        dropout: Share dropped in training of what a node would add to its state, and of what the
            root hands to the output layer, 0 to 0.95.
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
        >>> series = Tree(input_shape=[3, 16], n_outputs=10, width=8)
        >>> series(torch.zeros(5, 3, 16), torch.tensor([16, 1, 7, 9, 2])).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "classification",
        form: Form = "numbers",
        vocabulary: int = 0,
        embedding_size: int = 64,
        cell: str = "lstm",
        hidden_ratio: int = 4,
        composition: str = "fold",
        closing: bool = False,
        arity: int = 2,
        leaf: str = "shared",
        depth: int = 1,
        width: int = 64,
        connections: str = "plain",
        normalization: str = "none",
        activation: str = "tanh",
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
        check_arguments(self.hparams, owner="Tree", legal_domains=legal_domains)
        self.learn(
            network=TreeNetwork(select(TreeDesign, self.hparams)),
            settings=select(TrainingSettings, self.hparams),
        )

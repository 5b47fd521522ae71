"""How is a Transformer trained? The family `attention` as a Lightning module.

One class for all tasks, since a family has one constructor; `SequenceModule` learns either.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Form, Task
from raysearch.models.attention.design import TransformerDesign
from raysearch.models.attention.network import network_of
from raysearch.models.attention.space import default_patch_size, legal_domains
from raysearch.models.shared.arguments import (
    SequenceSettings,
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.decoding import SequenceNetwork
from raysearch.models.shared.sequences import SequenceModule


class Transformer(SequenceModule):
    """A Transformer with its training: for tokens, series, images and clips, and for every task.

    For classes and numbers it is an encoder with pooling and a linear output; for sequences an
    encoder and a decoder, which `forward` lets write greedily.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another task,
    optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example without the batch: (T,) for tokens, (C, T) for series,
            (C, H, W) for images, (C, D, H, W) for clips. Sequences may be shorter, not longer.
        n_outputs: Classes (at least 2), target values per example, or symbols of the targets.
        task: "classification", "regression" or "seq2seq".
        form: "numbers" or "tokens".
        vocabulary: Of tokens: how many there are.
        target_length: Of seq2seq: symbols in the longest target, its `END` counted; the most that
            are ever written.
        stem: What patches are cut from: "linear", the numbers themselves; "convolution", what two
            convolutions of three steps or pixels make of them. Has no effect on tokens.
        patch_size: Steps of a series, or pixels (and frames) along each side, that become one
            position: 1 to the longest side; 1 for tokens. Along a shorter side a patch has as many
            as there are. None leaves at most 64 positions.
        depth: Blocks of the encoder, 1 to 100.
        decoder_depth: Of seq2seq: blocks of the decoder, 1 to 100.
        width: Numbers at each position, 8 to 16384.
        heads: Of each attention, 1 to 256; each has its share of the width, rounded up.
        feedforward_ratio: Hidden units of the feed-forward layers in multiples of the width, 0.1 to
            64. Gated activations have two thirds as many, for as many parameters.
        activation: Of the feed-forward layers: "relu", "leaky_relu", "gelu", "silu", "elu" or
            "tanh"; gated "glu", "reglu", "geglu" or "swiglu".
        norm_placement: "pre", normalised before each branch, or "post", behind each sum.
        normalization: Of each position: "layer" or "rms".
        positions: "sinusoidal", "learnt" or "rotary".
        pooling: Of classes and numbers: "mean" or "max" over the positions, "class_token" (an
            additional position), or "attention" (a mean with learnt weights).
        weight_tying: Of seq2seq: whether the symbols' vectors are the output layer's weights too.
        dropout: Share of embeddings, of hidden units and of what each branch adds that is dropped
            in training, 0 to 0.95.
        attention_dropout: Share of the attention's weights that is dropped in training, 0 to 0.95.
            On many devices the fastest kernels are without.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of weight matrices, at least 0; biases and normalisations do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.
        loss: "cross_entropy" or "focal"; for regression "mse", "huber" or "mae"; for seq2seq
            "cross_entropy". None is the first of these.
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
        >>> digits = Transformer(input_shape=[1, 8, 8], n_outputs=10, width=16)
        >>> digits(torch.zeros(5, 1, 8, 8)).shape
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
        target_length: int = 0,
        stem: str = "convolution",
        patch_size: int | None = None,
        depth: int = 2,
        decoder_depth: int = 2,
        width: int = 64,
        heads: int = 4,
        feedforward_ratio: float = 2.0,
        activation: str = "gelu",
        norm_placement: str = "pre",
        normalization: str = "layer",
        positions: str = "sinusoidal",
        pooling: str = "mean",
        weight_tying: bool = False,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        optimizer: str = "adamw",
        learning_rate: float = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.1,
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
        if patch_size is None:
            patch_size = default_patch_size(input_shape, form=form)
        if loss is None:
            loss = "cross_entropy" if task == "seq2seq" else default_loss(task)
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="Transformer", legal_domains=legal_domains)
        network = network_of(select(TransformerDesign, self.hparams))
        if isinstance(network, SequenceNetwork):
            self.answer_with(network, settings=select(SequenceSettings, self.hparams))
        else:
            self.learn(network=network, settings=select(TrainingSettings, self.hparams))

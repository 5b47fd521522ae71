"""How is a recurrent encoder and decoder trained? The family `seq2seq` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import Form, Task
from raysearch.models.seq2seq.network import Seq2SeqDesign, Seq2SeqNetwork
from raysearch.models.seq2seq.space import legal_domains
from raysearch.models.shared.arguments import (
    SequenceSettings,
    check_arguments,
    plain_shape,
    select,
)
from raysearch.models.shared.sequences import SequenceModule


class Seq2Seq(SequenceModule):
    """A recurrent encoder and decoder with its training, for targets of symbols.

    Called with inputs, and their lengths if they have them, it returns the symbols (B, L) that
    greedy decoding writes; `answers` decodes by beam search, and says how probable they are.

    Long series may need clipped gradients, which are the Trainer's:
    `trainer: {gradient_clip_val: 1.0}` in an experiment.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another cell,
    attention, optimiser or schedule than the chosen one has no effect.

    Args:
        input_shape: Shape of one example: (T,) for tokens, (C, T) for series of numbers; T is of
            the longest one.
        n_outputs: Symbols of the target's vocabulary, those counted that every one begins with.
        target_length: Symbols in the longest target, its `END` counted; more are never decoded.
        task: "seq2seq".
        form: What an example holds, "numbers" or "tokens".
        vocabulary: Of tokens: how many symbols there are.
        cell: "rnn" (Elman's), "gru" or "lstm", of encoder and decoder.
        nonlinearity: Of the cell "rnn": "tanh" or "relu".
        layers: Recurrent layers of the encoder, and as many of the decoder, 1 to 20.
        hidden_size: Size of the state of a layer, 1 to 8192; in each direction of the encoder.
        bidirectional: Whether the encoder reads from both ends.
        connections: "residual" leads shortcuts around the layers, from the second on; "plain" none.
        attention: How steps of the input are scored at each step of the target: "dot",
            "multiplicative" (Luong's "general"), "additive" (Bahdanau's); "none" does without.
        activation: Of the layer that puts what attention tells beside the decoder's state: "relu",
            "leaky_relu", "gelu", "silu", "elu" or "tanh".
        embedding_size: Numbers in the vector of a symbol, of the input and of the target, 1 to
            4096.
        dropout: Share dropped in training of the vectors of symbols, between layers, and before
            the last one, 0 to 0.95.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of weight matrices, at least 0; biases and normalisations do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.
        label_smoothing: Share of the uniform distribution in the target of each symbol, 0 to 1.

    Example:
        >>> import torch
        >>> translator = Seq2Seq(
        ...     input_shape=[5], n_outputs=7, target_length=4, form="tokens", vocabulary=9
        ... )
        >>> commands = torch.tensor([[4, 5, 6, 7, 8], [5, 4, 0, 0, 0]])
        >>> len(translator.eval()(commands, torch.tensor([5, 2])))
        2
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        target_length: int,
        task: Task = "seq2seq",
        form: Form = "numbers",
        vocabulary: int = 0,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        layers: int = 1,
        hidden_size: int = 128,
        bidirectional: bool = True,
        connections: str = "plain",
        attention: str = "multiplicative",
        activation: str = "tanh",
        embedding_size: int = 64,
        dropout: float = 0.1,
        optimizer: str = "adamw",
        learning_rate: float = 5e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.0,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        input_shape = plain_shape(input_shape)
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="Seq2Seq", legal_domains=legal_domains)
        self.answer_with(
            Seq2SeqNetwork(select(Seq2SeqDesign, self.hparams)),
            settings=select(SequenceSettings, self.hparams),
        )

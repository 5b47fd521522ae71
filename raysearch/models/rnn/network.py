"""What does a recurrent network compute?

Tokens become vectors; convolutions in front, if there are any, read a few steps at a time and may
shorten the series. Then come recurrent layers, one pooling over all steps, and a linear output.
Each layer may read the series from both ends, is followed by layer normalisation if told so, and is
connected as `connections` says:

- "plain": each layer reads the outputs of the one before it
- "residual": the same, and from the second on it adds what it reads to its outputs
- "dense": each reads the inputs of the first, and the outputs of all layers before it

Whatever lies behind the end of a series is never read: a direction that reads backwards begins at
the end of its own series, convolutions see zeros there, as they do behind the longest series, and
the pooling leaves it out. That needs neither packing, nor lengths on the CPU.

Dropout falls on what layers from the second on read, and on the pooled vector, not on the state.
Normalisation follows a layer instead of sitting in its cell as in the paper, so that PyTorch's
fused layers can be used. Weights of states start orthogonal, those of inputs as Glorot's, the bias
of an LSTM's forget gate at 1, all others at 0.

Shapes:
    x: (B, C, T) float32, or (B, T) int64 tokens
    lengths: (B,) int64, from 1 to T; None if all examples have T steps
    returns: (B, K) float32
    B batch, C channels, T steps, D numbers for each step on the way, H hidden size, K outputs

References:
    Elman, "Finding Structure in Time", Cognitive Science 1990 (rnn).
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 1997; Gers,
    Schmidhuber and Cummins, "Learning to Forget", 2000 (lstm).
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014 (gru).
    Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", 1997.
    Yang et al., "Hierarchical Attention Networks", NAACL 2016 (pooling by attention).
    Ding et al., "Densely Connected Bidirectional LSTM", 2018 (dense connections).
    Jozefowicz, Zaremba and Sutskever, "An Empirical Exploration of Recurrent Network
    Architectures", ICML 2015 (bias of the forget gate).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.data_spec import PADDING
from raysearch.models.shared.layers import activation, initialize
from raysearch.models.shared.padding import cut_behind_longest


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNDesign:
    """An architecture; the same names and meanings as in the constructor of `RNN`."""

    input_shape: list[int]
    n_outputs: int
    form: str
    vocabulary: int
    cell: str
    nonlinearity: str
    layers: int
    hidden_size: int
    bidirectional: bool
    connections: str
    normalization: str
    pooling: str
    dropout: float
    embedding_size: int
    front: str
    front_layers: int
    front_channels: int
    front_kernel_size: int
    front_stride: int
    activation: str

    @property
    def width(self) -> int:
        """Numbers that a recurrent layer gives for each step, both directions together."""
        return self.hidden_size * (2 if self.bidirectional else 1)


def is_within(lengths: Tensor | None, n_steps: int) -> Tensor | None:
    """Return which steps are part of their series, (B, T, 1) bool; None if all are."""
    if lengths is None:
        return None
    steps = torch.arange(n_steps, device=lengths.device)
    return (steps < lengths[:, None])[:, :, None]


def reversed_in_time(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return each series (B, T, D) from its last step to its first; padding stays behind it."""
    if lengths is None:
        return x.flip(1)
    steps, ends = torch.arange(x.shape[1], device=x.device), lengths[:, None]
    places = torch.where(steps < ends, ends - 1 - steps, steps)  # (B, T)
    return x.gather(1, places[:, :, None].expand_as(x))


def at_the_end(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return what (B, T, D) holds at the last step of each series, (B, D)."""
    if lengths is None:
        return x[:, -1]
    last = (lengths - 1)[:, None, None].expand(-1, 1, x.shape[2])
    return x.gather(1, last)[:, 0]


class Front(nn.Module):
    """Convolutions along the steps, each with its activation: (B, T, C) to (B, T', D).

    T' is T divided by the stride of every layer, rounded up each time, and so are the lengths.
    """

    def __init__(self, n_inputs: int, *, design: RNNDesign) -> None:
        super().__init__()
        self.stride = design.front_stride
        widths = [n_inputs, *[design.front_channels] * design.front_layers]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(
                before,
                after,
                design.front_kernel_size,
                stride=self.stride,
                padding=design.front_kernel_size // 2,
            )
            for before, after in pairwise(widths)
        )
        self.activation = activation(design.activation)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the convolved series, with zeros behind their ends, and their lengths."""
        for convolution in self.convolutions:
            # (B, T, C) -> (B, C, T) -> (B, D, T') -> (B, T', D)
            x = self.activation(convolution(x.transpose(1, 2))).transpose(1, 2)
            if lengths is not None:
                lengths = (lengths + self.stride - 1) // self.stride
            inside = is_within(lengths, x.shape[1])
            x = x if inside is None else x.masked_fill(~inside, 0.0)
        return x, lengths


class RecurrentLayer(nn.Module):
    """A recurrent layer of one or two directions, and its normalisation: (B, T, D) to (B, T, W).

    W is H, or 2 H with two directions: first the outputs of the one that reads forwards.
    """

    def __init__(self, n_inputs: int, *, design: RNNDesign) -> None:
        super().__init__()
        n_directions = 2 if design.bidirectional else 1
        self.directions = nn.ModuleList(_cells(n_inputs, design) for _ in range(n_directions))
        is_normalized = design.normalization == "layer"
        self.norm = nn.LayerNorm(design.width) if is_normalized else nn.Identity()

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the outputs at all steps."""
        outputs = [self.directions[0](x)[0]]
        for backwards in self.directions[1:]:
            back = backwards(reversed_in_time(x, lengths))[0]
            outputs.append(reversed_in_time(back, lengths))
        # one or two times (B, T, H) -> (B, T, W)
        return cast(Tensor, self.norm(torch.cat(outputs, dim=2)))


class Pooling(nn.Module):
    """One vector for a series: (B, T, W) to (B, W).

    "last" takes from each direction what it has when it has read the whole series: the last step of
    the one, the first step of the other. "attention" is a mean with weights that are learnt: the
    softmax over the steps of v tanh(A h).
    """

    def __init__(self, design: RNNDesign) -> None:
        super().__init__()
        self.kind = design.pooling
        self.hidden_size = design.hidden_size
        if self.kind == "attention":
            self.query = nn.Linear(design.width, design.hidden_size)
            self.score = nn.Linear(design.hidden_size, 1, bias=False)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the pooled outputs of the last layer."""
        if self.kind == "last":
            forwards, backwards = x[:, :, : self.hidden_size], x[:, :, self.hidden_size :]
            return torch.cat([at_the_end(forwards, lengths), backwards[:, 0]], dim=1)
        inside = is_within(lengths, x.shape[1])
        if self.kind == "max":
            return (x if inside is None else x.masked_fill(~inside, -math.inf)).amax(1)
        return (x * self._weights(x, inside)).sum(1)

    def _weights(self, x: Tensor, inside: Tensor | None) -> Tensor:
        """Return what each step counts, (B, T, 1); 1 in sum."""
        if self.kind == "attention":
            scores = cast(Tensor, self.score(self.query(x).tanh()))
        else:
            scores = x.new_zeros(*x.shape[:2], 1)
        return (scores if inside is None else scores.masked_fill(~inside, -math.inf)).softmax(1)


class RNNNetwork(nn.Module):
    """A recurrent network from series to K outputs."""

    def __init__(self, design: RNNDesign) -> None:
        super().__init__()
        n_inputs = design.input_shape[0]
        self.embedding: nn.Embedding | None = None
        if design.form == "tokens":
            n_inputs = design.embedding_size
            self.embedding = nn.Embedding(design.vocabulary, n_inputs, padding_idx=PADDING)
        self.front: Front | None = None
        if design.front == "convolution":
            self.front = Front(n_inputs, design=design)
            n_inputs = design.front_channels
        self.connections = design.connections
        is_dense = design.connections == "dense"
        sizes = [
            n_inputs + design.width * place if is_dense or place == 0 else design.width
            for place in range(design.layers)
        ]
        self.layers = nn.ModuleList(RecurrentLayer(size, design=design) for size in sizes)
        self.pooling = Pooling(design)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(design.width, design.n_outputs)
        initialize(self, output=self.output)
        _initialize_series(self)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs (B, K) for series (B, C, T), or tokens (B, T)."""
        x = cut_behind_longest(x, lengths)
        # (B, C, T), or (B, T) tokens -> (B, T, D)
        x = x.transpose(1, 2) if self.embedding is None else self.embedding(x)
        if self.front is not None:
            x, lengths = self.front(x, lengths)
        # (B, T, D) -> (B, T, W)
        outputs = self.layers[0](x, lengths)
        for layer in self.layers[1:]:
            x = torch.cat([x, outputs], dim=2) if self.connections == "dense" else outputs
            outputs = layer(self.dropout(x), lengths)
            if self.connections == "residual":
                outputs = x + outputs
        # (B, T, W) -> (B, W) -> (B, K)
        return cast(Tensor, self.output(self.dropout(self.pooling(outputs, lengths))))


def _cells(n_inputs: int, design: RNNDesign) -> nn.RNNBase:
    """Return a layer of one direction, (B, T, D) to (B, T, H) and its last state."""
    if design.cell == "rnn":
        kind = design.nonlinearity
        return nn.RNN(n_inputs, design.hidden_size, nonlinearity=kind, batch_first=True)
    cells = nn.LSTM if design.cell == "lstm" else nn.GRU
    return cells(n_inputs, design.hidden_size, batch_first=True)


def _initialize_series(network: nn.Module) -> None:
    """Start what reads series: recurrent layers, and convolutions along the steps."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(cast(Tensor, layer.bias))
        elif isinstance(layer, nn.RNNBase):
            _initialize_cells(layer)


def _initialize_cells(layer: nn.RNNBase) -> None:
    size = layer.hidden_size
    for name, parameter in layer.named_parameters():
        if parameter.ndim == 1:
            nn.init.zeros_(parameter)
        else:
            # (gates x H, D) -> one (H, D) for each gate
            start = nn.init.orthogonal_ if "hh" in name else nn.init.xavier_uniform_
            for gate in parameter.data.chunk(len(parameter) // size):
                start(gate)
        if isinstance(layer, nn.LSTM) and name == "bias_ih_l0":
            # (4 H,): of input, forget, cell and output gate; bias_hh_l0 is added to it
            parameter.data[size : 2 * size] = 1.0

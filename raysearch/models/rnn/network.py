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
fused layers can be used. Recurrent layers and how they start are those of `shared.recurrent`.

Shapes:
    x: (B, C, T) float32, or (B, T) int64 tokens
    lengths: (B,) int64, from 1 to T; None if all examples have T steps
    returns: (B, K) float32
    B batch, C channels, T steps, D numbers for each step on the way, H hidden size, K outputs

References:
    Yang et al., "Hierarchical Attention Networks", NAACL 2016 (pooling by attention).
    Ding et al., "Densely Connected Bidirectional LSTM", 2018 (dense connections).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.data_spec import PADDING
from raysearch.models.shared.layers import activation, initialize
from raysearch.models.shared.masking import max_of, mean_of, weighted_mean, within, zeroed
from raysearch.models.shared.padding import cut_behind_longest
from raysearch.models.shared.recurrent import RecurrentLayer, ends_of
from raysearch.models.shared.spatial import Kernel, convolution


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


class Front(nn.Module):
    """Convolutions along the steps, each with its activation: (B, T, C) to (B, T', D).

    T' is T divided by the stride of every layer, rounded up each time, and so are the lengths.
    """

    def __init__(self, n_inputs: int, *, design: RNNDesign) -> None:
        super().__init__()
        self.stride = design.front_stride
        widths = [n_inputs, *[design.front_channels] * design.front_layers]
        kernel = Kernel(design.front_kernel_size, stride=self.stride)
        self.convolutions = nn.ModuleList(
            convolution(before, after, kernel, n_axes=1) for before, after in pairwise(widths)
        )
        self.activation = activation(design.activation)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the convolved series, with zeros behind their ends, and their lengths."""
        for each in self.convolutions:
            if lengths is not None:
                lengths = (lengths + self.stride - 1) // self.stride
            # (B, T, C) -> (B, C, T) -> (B, D, T') -> (B, T', D)
            convolved = self.activation(each(x.transpose(1, 2)))
            x = zeroed(convolved, lengths).transpose(1, 2)
        return x, lengths


class Layer(nn.Module):
    """A recurrent layer, and its normalisation: (B, T, D) to (B, T, W)."""

    def __init__(self, n_inputs: int, *, design: RNNDesign) -> None:
        super().__init__()
        self.recurrent = RecurrentLayer(
            design.cell,
            n_inputs=n_inputs,
            hidden_size=design.hidden_size,
            nonlinearity=design.nonlinearity,
            is_bidirectional=design.bidirectional,
        )
        is_normalized = design.normalization == "layer"
        self.norm = nn.LayerNorm(design.width) if is_normalized else nn.Identity()

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the outputs at all steps."""
        return cast(Tensor, self.norm(self.recurrent(x, lengths)))


class Pooling(nn.Module):
    """One vector for a series: (B, T, W) to (B, W).

    "last" takes from each direction what it has when it has read the whole series. "attention" is a
    mean with weights that are learnt: the softmax over the steps of v tanh(A h).
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
            return ends_of(x, lengths, hidden_size=self.hidden_size)
        inside = None if lengths is None else within(lengths, x.shape[1])
        if self.kind == "attention":
            return weighted_mean(x, self.score(self.query(x).tanh()), inside)
        return max_of(x, inside) if self.kind == "max" else mean_of(x, inside)


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
        self.layers = nn.ModuleList(Layer(size, design=design) for size in sizes)
        self.pooling = Pooling(design)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(design.width, design.n_outputs)
        initialize(self, output=self.output)

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

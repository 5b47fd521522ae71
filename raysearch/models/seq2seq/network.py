"""What does a recurrent encoder and decoder with attention compute?

The encoder reads the input once, or from both ends; what both directions say of a step is brought
back to H numbers by a linear layer, and what they say at last, of each layer, makes the decoder's
first states by another. At each step the decoder's top state h asks the memory, and what it is
told, the mean c of the memory's steps m weighted by the softmax of their scores, is put beside it:

    dot             score = h . m                             (Luong et al.)
    multiplicative  score = h . W m                           (Luong et al.'s "general")
    additive        score = v . tanh(W h + U m)               (Bahdanau et al.)

    the next symbol's logits = V tanh(C [c, h]); without attention V h

tanh may be another activation.

For all of them the state that asks is the current one, and what it is told goes to the logits
alone, as in Luong et al. without input feeding; Bahdanau et al. ask with the last state and tell
the next. So the decoder's states do not wait for attention, and all steps of a known target are
computed at once.

With residual connections, each layer of encoder and decoder from the second on adds what it reads
to its outputs (Wu et al.). Dropout falls on the vectors of symbols, between layers, and before the
last one.

Shapes:
    inputs: (B, T) int64 tokens, or (B, D, T) float32
    lengths: (B,) int64, from 1 to T; None if all inputs have T steps
    previous: (B, L) int64
    B batch, T steps of the input, L steps of the target, H hidden size, K symbols of the target

References:
    Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural Networks", NeurIPS 2014.
    Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly Learning to Align and
    Translate", ICLR 2015.
    Luong, Pham and Manning, "Effective Approaches to Attention-based Neural Machine Translation",
    EMNLP 2015.
    Wu et al., "Google's Neural Machine Translation System", 2016 (residual connections).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.models.shared.decoding import SequenceNetwork, Tensors
from raysearch.models.shared.layers import activation
from raysearch.models.shared.masking import within
from raysearch.models.shared.recurrent import (
    RecurrentCells,
    RecurrentLayer,
    State,
    ends_of,
    n_states,
)

_MOST_AT_ONCE = 2**24
"""Numbers in the largest tensor of additive attention, which is cut along the target's steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seq2SeqDesign:
    """An architecture; the same names and meanings as in the constructor of `Seq2Seq`."""

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
    attention: str
    activation: str
    embedding_size: int
    dropout: float


class Attention(nn.Module):
    """The scores of a memory's steps, and their mean: queries (B, L, H) to (B, L, H).

    Args:
        kind: "dot", "multiplicative" or "additive".
        size: H.
    """

    def __init__(self, kind: str, *, size: int) -> None:
        super().__init__()
        self.kind = kind
        self.memory: nn.Module = nn.Identity()
        if kind != "dot":
            self.memory = nn.Linear(size, size, bias=False)
        if kind == "additive":
            self.query = nn.Linear(size, size)
            self.score = nn.Linear(size, 1, bias=False)

    def keys(self, values: Tensor) -> Tensor:
        """Return what queries are compared with, (B, T, H), for a memory (B, T, H)."""
        return cast(Tensor, self.memory(values))

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the score of each step of the memory for each query, (B, L, T)."""
        if self.kind != "additive":
            return queries @ keys.transpose(1, 2)
        n_steps = max(1, _MOST_AT_ONCE // keys.numel())
        pieces = self.query(queries).split(n_steps, dim=1)
        # each (B, l, 1, H) + (B, 1, T, H) -> (B, l, T)
        each = [self.score((piece[:, :, None] + keys[:, None]).tanh())[..., 0] for piece in pieces]
        return torch.cat(each, dim=1)

    def forward(self, queries: Tensor, *, keys: Tensor, values: Tensor, inside: Tensor) -> Tensor:
        """Return what the queries are told by the steps that are `inside`, (B, T) bool."""
        scores = self.scores(queries, keys).masked_fill(~inside[:, None], -math.inf)
        return scores.softmax(2) @ values


class Encoder(nn.Module):
    """Reads inputs (B, T, D): to a memory (B, T, H), and first states of the decoder's layers."""

    def __init__(self, n_inputs: int, *, design: Seq2SeqDesign) -> None:
        super().__init__()
        size = design.hidden_size
        width = 2 * size if design.bidirectional else size
        self.layers = nn.ModuleList(
            RecurrentLayer(
                design.cell,
                n_inputs=n_inputs if place == 0 else width,
                hidden_size=size,
                nonlinearity=design.nonlinearity,
                is_bidirectional=design.bidirectional,
            )
            for place in range(design.layers)
        )
        self.hidden_size = size
        self.is_residual = design.connections == "residual"
        self.dropout = nn.Dropout(design.dropout)
        self.join: nn.Module = nn.Identity()
        if design.bidirectional and design.attention != "none":
            self.join = nn.Linear(width, size, bias=False)
        self.bridges = nn.ModuleList(
            nn.ModuleList(nn.Linear(width, size) for _ in range(n_states(design.cell)))
            for _ in range(design.layers)
        )

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Return the memory, and all states, those of the first layer first."""
        states = []
        for place, (layer, bridges) in enumerate(zip(self.layers, self.bridges, strict=True)):
            outputs = layer(self.dropout(x) if place else x, lengths)
            ends = ends_of(outputs, lengths, hidden_size=self.hidden_size)
            x = x + outputs if place and self.is_residual else outputs
            # (B, W) -> each (B, H); outputs of a layer lie between -1 and 1, what an LSTM keeps
            # beside them does not
            first, *others = (bridge(ends) for bridge in cast(nn.ModuleList, bridges))
            states += [first.tanh(), *others]
        return self.join(x), tuple(states)


class Seq2SeqNetwork(SequenceNetwork):
    """A recurrent encoder and decoder; see `SequenceNetwork` for how it is used."""

    def __init__(self, design: Seq2SeqDesign) -> None:
        super().__init__()
        size = design.hidden_size
        self.embedding: nn.Embedding | None = None
        n_inputs = design.input_shape[0]
        if design.form == "tokens":
            n_inputs = design.embedding_size
            self.embedding = nn.Embedding(design.vocabulary, n_inputs)
        self.encoder = Encoder(n_inputs, design=design)
        self.attention: Attention | None = None
        if design.attention != "none":
            self.attention = Attention(design.attention, size=size)
            self.combine = nn.Sequential(nn.Linear(2 * size, size), activation(design.activation))
        self.symbols = nn.Embedding(design.n_outputs, design.embedding_size)
        self.layers = nn.ModuleList(
            RecurrentCells(
                design.cell,
                n_inputs=size if place else design.embedding_size,
                hidden_size=size,
                nonlinearity=design.nonlinearity,
            )
            for place in range(design.layers)
        )
        self.is_residual = design.connections == "residual"
        self.n_states = n_states(design.cell)
        self.dropout = nn.Dropout(design.dropout)
        self.output = nn.Linear(size, design.n_outputs)
        _initialize(self)

    def encode(self, *inputs: Tensor) -> Tensors:
        """Return the memory (B, T, H), its keys, which steps there are (B, T), and all states.

        The states are the first ones of the decoder's layers, each (B, H).
        """
        x, lengths = inputs if len(inputs) == 2 else (inputs[0], None)
        if lengths is not None:
            x = x[..., : int(lengths.max())]
        # (B, T) tokens, or (B, D, T) -> (B, T, D)
        x = x.transpose(1, 2) if self.embedding is None else self.dropout(self.embedding(x))
        values, states = self.encoder(x, lengths)
        if lengths is None:
            inside = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        else:
            inside = within(lengths, x.shape[1])
        keys = values if self.attention is None else self.attention.keys(values)
        return (values, keys, inside, *states)

    def decode(self, memory: Tensors, previous: Tensor) -> Tensor:
        """Return the logits (B, L, K) of the symbols after `previous` (B, L)."""
        fixed, state = self.start(memory)
        return self._advance(previous, fixed, state)[0]

    def start(self, memory: Tensors) -> tuple[Tensors, Tensors]:
        """Return the memory without the states, and these."""
        return memory[:3], memory[3:]

    def step(self, symbols: Tensor, fixed: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        """Return the logits (B, K) of the symbols after `symbols` (B,), and the new state."""
        # (B,) -> (B, 1) -> (B, 1, K) -> (B, K)
        logits, state = self._advance(symbols[:, None], fixed, state)
        return logits[:, 0], state

    def _advance(self, previous: Tensor, fixed: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        """Return the logits (B, L, K) of the symbols after `previous` (B, L), and the new state."""
        # (B, L) -> (B, L, E) -> (B, L, H)
        x = self.symbols(previous)
        after: list[Tensor] = []
        for place, layer in enumerate(self.layers):
            first = state[len(after) : len(after) + self.n_states]
            outputs, last = layer(self.dropout(x), state=first)
            x = x + outputs if place and self.is_residual else outputs
            after += last
        if self.attention is not None:
            values, keys, inside = fixed
            told = self.attention(x, keys=keys, values=values, inside=inside)
            x = self.combine(torch.cat([told, x], dim=2))
        # (B, L, H) -> (B, L, K)
        return self.output(self.dropout(x)), tuple(after)


def _initialize(network: nn.Module) -> None:
    """Start linear layers with Glorot's weights, which suit tanh and softmax, without biases."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

"""How do recurrent layers read a series, in both directions, whatever is behind its end?

Weights of states start orthogonal, those of inputs as Glorot's, the bias of an LSTM's forget gate
at 1, all other biases at 0.

Shapes:
    x: (B, T, D) float32, the batch first, unlike in PyTorch's layers
    lengths: (B,) int64, from 1 to T; None if all series have T steps
    B batch, T steps, D numbers for each step, H hidden size, W H times the directions

References:
    Elman, "Finding Structure in Time", Cognitive Science 1990 (rnn).
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 1997; Gers,
    Schmidhuber and Cummins, "Learning to Forget", 2000 (lstm).
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014 (gru).
    Jozefowicz, Zaremba and Sutskever, "An Empirical Exploration of Recurrent Network
    Architectures", ICML 2015 (bias of the forget gate).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

State = tuple[Tensor, ...]
"""What a layer remembers, each (B, W): one tensor, of an LSTM two, its outputs first."""


class RecurrentCells(nn.Module):
    """A recurrent layer: (B, T, D) to (B, T, W), and the state behind the end of each series.

    The weights are those of PyTorch's layer, and so is the arithmetic. But PyTorch's `forward`
    keeps a list of its weights, and does not see when `torch.func.functional_call` swaps them; here
    they are looked up each time.

    Args:
        cell: "rnn", "gru" or "lstm".
        n_inputs: D.
        hidden_size: H.
        nonlinearity: Of "rnn": "tanh" or "relu".
        is_bidirectional: Whether the series are read from both ends; W is then 2 H, else H.
    """

    def __init__(
        self,
        cell: str,
        *,
        n_inputs: int,
        hidden_size: int,
        nonlinearity: str = "tanh",
        is_bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.kind = f"rnn_{nonlinearity}" if cell == "rnn" else cell
        self.n_directions = 2 if is_bidirectional else 1
        settings = {"batch_first": True, "bidirectional": is_bidirectional}
        self.layer: nn.RNNBase
        if cell == "rnn":
            self.layer = nn.RNN(n_inputs, hidden_size, nonlinearity=nonlinearity, **settings)
        else:
            cells = nn.LSTM if cell == "lstm" else nn.GRU
            self.layer = cells(n_inputs, hidden_size, **settings)
        _initialize(self.layer)

    def forward(
        self, x: Tensor, *, lengths: Tensor | None = None, state: State | None = None
    ) -> tuple[Tensor, State]:
        """Return the outputs, 0 behind the end of a series, and the state there.

        Args:
            x: (B, T, D).
            lengths: (B,); None if all series have T steps.
            state: What the layer remembers at first; None for zeros.
        """
        if state is None:
            zeros = x.new_zeros(len(x), self.n_directions * self.layer.hidden_size)
            state = (zeros,) * (2 if self.kind == "lstm" else 1)
        # (B, W) -> (1 or 2, B, H), one part for each direction
        first = [torch.stack(part.chunk(self.n_directions, dim=1)) for part in state]
        if lengths is None:
            outputs, last = self._computed(x, first, batch_first=True)
        else:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            first = [part.index_select(1, packed.sorted_indices) for part in first]
            data, last = self._computed(packed.data, first, batch_sizes=packed.batch_sizes)
            padded = pad_packed_sequence(
                packed._replace(data=data), batch_first=True, total_length=x.shape[1]
            )
            outputs = padded[0]
            last = [part.index_select(1, packed.unsorted_indices) for part in last]
        return outputs, tuple(torch.cat(tuple(part), dim=1) for part in last)

    def _computed(
        self,
        x: Tensor,
        first: list[Tensor],
        *,
        batch_sizes: Tensor | None = None,
        batch_first: bool = False,
    ) -> tuple[Tensor, list[Tensor]]:
        """Return outputs and last states, of a batch (B, T, D) or a packed one (N, D)."""
        weights = [
            getattr(self.layer, f"{name}_l0{direction}")
            for direction in ("", "_reverse")[: self.n_directions]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        states = first if self.kind == "lstm" else first[0]
        # has biases, layers, dropout, training, bidirectional
        settings = (True, 1, 0.0, self.training, self.n_directions == 2)
        compute = getattr(torch, self.kind)
        if batch_sizes is None:
            outputs, *last = compute(x, states, weights, *settings, batch_first)
        else:
            outputs, *last = compute(x, batch_sizes, states, weights, *settings)
        return outputs, last


def n_states(cell: str) -> int:
    """Return how many tensors the state of a layer has."""
    return 2 if cell == "lstm" else 1


def _initialize(layer: nn.RNNBase) -> None:
    for name, parameter in layer.named_parameters():
        if parameter.ndim == 1:
            nn.init.zeros_(parameter)
            continue
        # (gates x H, ...) -> one (H, ...) for each gate
        for gate in parameter.data.split(layer.hidden_size):
            start = nn.init.orthogonal_ if "hh" in name else nn.init.xavier_uniform_
            start(gate)
    if isinstance(layer, nn.LSTM):
        # (4 H,): input, forget, cell and output gate; the other bias is added to this one
        for name, parameter in layer.named_parameters():
            if name.startswith("bias_ih"):
                parameter.data[layer.hidden_size : 2 * layer.hidden_size] = 1.0

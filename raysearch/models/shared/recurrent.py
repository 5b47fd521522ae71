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
    Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", 1997.
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014 (gru).
    Jozefowicz, Zaremba and Sutskever, "An Empirical Exploration of Recurrent Network
    Architectures", ICML 2015 (bias of the forget gate).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]
"""What a layer remembers, each (B, H): one tensor, of an LSTM two, its outputs first."""


class RecurrentCells(nn.Module):
    """A recurrent layer of one direction: (B, T, D) to (B, T, H), and the state after step T.

    The weights are those of PyTorch's layer, and so is the arithmetic. But PyTorch's `forward`
    keeps a list of its weights, and does not see when `torch.func.functional_call` swaps them; here
    they are looked up each time.

    Args:
        cell: "rnn", "gru" or "lstm".
        n_inputs: D.
        hidden_size: H.
        nonlinearity: Of "rnn": "tanh" or "relu".
    """

    def __init__(
        self, cell: str, *, n_inputs: int, hidden_size: int, nonlinearity: str = "tanh"
    ) -> None:
        super().__init__()
        self.kind = f"rnn_{nonlinearity}" if cell == "rnn" else cell
        self.layer: nn.RNNBase
        if cell == "rnn":
            self.layer = nn.RNN(n_inputs, hidden_size, nonlinearity=nonlinearity, batch_first=True)
        else:
            cells = nn.LSTM if cell == "lstm" else nn.GRU
            self.layer = cells(n_inputs, hidden_size, batch_first=True)
        _initialize(self.layer)

    def forward(self, x: Tensor, *, state: State | None = None) -> tuple[Tensor, State]:
        """Return the outputs at all steps, and the state after the last.

        Args:
            x: (B, T, D).
            state: What the layer remembers at first; None for zeros.
        """
        if state is None:
            zeros = x.new_zeros(len(x), self.layer.hidden_size)
            state = (zeros,) * (2 if self.kind == "lstm" else 1)
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = [getattr(self.layer, name) for name in names]
        # (B, H) -> (1, B, H), one layer
        first = [part[None] for part in state]
        # has biases, layers, dropout, training, bidirectional, batch first
        settings = (True, 1, 0.0, self.training, False, True)
        compute = getattr(torch, self.kind)
        outputs, *last = compute(x, first if len(first) > 1 else first[0], weights, *settings)
        return outputs, tuple(part[0] for part in last)


class RecurrentLayer(nn.Module):
    """A recurrent layer of one or two directions: (B, T, D) to (B, T, W).

    What is behind the end of a series is never read, which needs neither packing nor lengths on the
    CPU; the outputs there are not defined.

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
        self.directions = nn.ModuleList(
            RecurrentCells(
                cell, n_inputs=n_inputs, hidden_size=hidden_size, nonlinearity=nonlinearity
            )
            for _ in range(2 if is_bidirectional else 1)
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs at all steps, those of the direction that reads forwards first."""
        outputs = [self.directions[0](x)[0]]
        for backwards in self.directions[1:]:
            back = backwards(reversed_in_time(x, lengths))[0]
            outputs.append(reversed_in_time(back, lengths))
        # one or two times (B, T, H) -> (B, T, W)
        return torch.cat(outputs, dim=2)


def ends_of(outputs: Tensor, lengths: Tensor | None, *, hidden_size: int) -> Tensor:
    """Return what each direction says when it has read the whole series, (B, W).

    That is the last step of the one that reads forwards, and the first of the other.

    Args:
        outputs: Those of a layer, (B, T, W).
        lengths: Of the series.
        hidden_size: H.
    """
    forwards, backwards = outputs[:, :, :hidden_size], outputs[:, :, hidden_size:]
    return torch.cat([at_the_end(forwards, lengths), backwards[:, 0]], dim=1)


def reversed_in_time(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return each series from its last step to its first; what is behind its end stays there.

    Example:
        >>> x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]])[:, :, None]
        >>> reversed_in_time(x, torch.tensor([3, 2]))[:, :, 0].tolist()
        [[3.0, 2.0, 1.0], [5.0, 4.0, 0.0]]
    """
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


def n_states(cell: str) -> int:
    """Return how many tensors the state of a layer has."""
    return 2 if cell == "lstm" else 1


def _initialize(layer: nn.RNNBase) -> None:
    size = layer.hidden_size
    for name, parameter in layer.named_parameters():
        if parameter.ndim > 1:
            start = nn.init.orthogonal_ if "hh" in name else nn.init.xavier_uniform_
            # (gates x H, ...) -> one (H, ...) for each gate
            for gate in torch.split(parameter.data, size):
                start(gate)
            continue
        nn.init.zeros_(parameter)
        if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
            # (4 H,): input, forget, cell and output gate; the other bias is added to this one
            parameter.data[size : 2 * size] = 1.0

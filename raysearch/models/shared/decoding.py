"""How is a sequence written symbol by symbol, by a network that rates each next symbol?

`SequenceNetwork` is what a network must be able to do; `greedy` and `beam` write with it. Neither
ever writes `PADDING` or `BEGIN`: what counts as the most probable symbol is the best of the others.

    memory = network.encode(inputs, lengths)
    network.decode(memory, previous)                   # all next symbols, given those before them
    fixed, state = network.start(memory)               # the same, one symbol after the other:
    logits, state = network.step(symbols, fixed, state)

Shapes:
    inputs, lengths: as `DataSpec.form` says; lengths where the data have them
    previous: (B, L) int64, a target moved by one, with `BEGIN` in front
    symbols: (B,) int64 in a step; (B, L) int64 as a result, `PADDING` behind `END`
    memory, fixed, state: tuples of tensors (B, ...)
    B batch, L steps of the target, K symbols of the target's vocabulary, W width of the beam
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from raysearch.data_spec import BEGIN, END, PADDING

Tensors = tuple[Tensor, ...]
"""Tensors whose first dimension is the batch, so that rows can be repeated and picked."""


class SequenceNetwork(nn.Module):
    """What is asked of a network that answers a sequence, or anything else, with a sequence.

    `encode` is called once per batch; then either `decode` once, in training and for the loss, or
    `start` once and `step` for each symbol, in decoding. Both ways give the same logits in
    evaluation mode.
    """

    def encode(self, *inputs: Tensor) -> Tensors:
        """Return all that the decoder is told of the inputs: its memory, with a mask if needed."""
        raise NotImplementedError

    def decode(self, memory: Tensors, previous: Tensor) -> Tensor:
        """Return unnormalised log-probabilities (B, L, K) of the symbols after `previous` (B, L).

        Those at step t depend on `previous[:, : t + 1]` alone.
        """
        raise NotImplementedError

    def start(self, memory: Tensors) -> tuple[Tensors, Tensors]:
        """Return what stays the same in all steps, and the state before the first one.

        Tensors may grow from step to step, as the keys and values of a Transformer do. Beam search
        reorders the rows of the state after each step, those of the first part never: what can be
        computed from the memory once, such as its keys, belongs there.
        """
        raise NotImplementedError

    def step(self, symbols: Tensor, fixed: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        """Return the logits (B, K) of the symbols after `symbols` (B,), and the new state.

        Args:
            symbols: The last symbol of each row; `BEGIN` in the first step.
            fixed: The first of what `start` returned, not to be changed.
            state: The second of what `start` or the last step returned, not to be changed.
        """
        raise NotImplementedError

    def forward(self, *inputs: Tensor, previous: Tensor) -> Tensor:
        """Return the logits (B, L, K) of the symbols after `previous` (B, L)."""
        return self.decode(self.encode(*inputs), previous)


class Decoded(NamedTuple):
    """What was written for each row of a batch."""

    symbols: Tensor
    """(B, L) int64, `END` behind the last symbol and `PADDING` behind that; no `END` in a row that
    came to the largest length first. L is that of the longest row."""
    log_probabilities: Tensor
    """(B,) float32, of these symbols given the inputs, in nats."""


def most_probable(logits: Tensor) -> Tensor:
    """Return the symbol (...,) that greedy decoding writes, of logits (..., K)."""
    return _writable(logits).argmax(-1)


def answers(
    network: SequenceNetwork, inputs: Sequence[Tensor], *, length: int, beam_width: int = 1
) -> Decoded:
    """Return what the network writes for a batch: greedily, or by beam search.

    Args:
        network: In evaluation mode, for the same result every time.
        inputs: Inputs, and their lengths if they have them.
        length: The most symbols of a row, `END` counted; at least 1.
        beam_width: Beginnings that a beam search keeps; 1 decodes greedily.
    """
    with torch.no_grad():
        memory = network.encode(*inputs)
    if beam_width == 1:
        return greedy(network, memory, length=length)
    return beam(network, memory, width=beam_width, length=length)


@torch.no_grad()
def greedy(network: SequenceNetwork, memory: Tensors, *, length: int) -> Decoded:
    """Return what comes of always taking the most probable next symbol.

    Args:
        network: In evaluation mode, for the same result every time.
        memory: What `network.encode` returned.
        length: The most symbols of a row, `END` counted; at least 1. Decoding ends earlier when all
            rows have ended.
    """
    fixed, state = network.start(memory)
    symbols = torch.full((len(memory[0]),), BEGIN, device=memory[0].device)
    is_ended = torch.zeros_like(symbols, dtype=torch.bool)
    total = torch.zeros(symbols.shape, device=symbols.device)
    written: list[Tensor] = []
    while len(written) < length and not is_ended.all():
        logits, state = network.step(symbols, fixed, state)
        symbols = most_probable(logits).masked_fill(is_ended, PADDING)
        of_symbol = logits.float().log_softmax(-1).gather(1, symbols[:, None])[:, 0]
        total = total + of_symbol.masked_fill(is_ended, 0.0)
        is_ended = is_ended | (symbols == END)
        written.append(symbols)
    # L times (B,) -> (B, L)
    return Decoded(torch.stack(written, dim=1), total)


@torch.no_grad()
def beam(network: SequenceNetwork, memory: Tensors, *, width: int, length: int) -> Decoded:
    """Return the most probable sequences that a beam search of this width finds.

    After each step, the `width` most probable beginnings of an example go on. Nothing makes up for
    the length: what is maximised is the probability itself. A beam may lose what greedy decoding
    finds; it is decoded too, and where it is more probable, it is the result.

    Args:
        network: In evaluation mode, for the same result every time.
        memory: What `network.encode` returned.
        width: Beginnings that are kept, at least 1; 1 is greedy decoding.
        length: The most symbols of a row, `END` counted; at least 1. Decoding ends earlier when
            each example's most probable beginning has ended, since no other can overtake it.

    References:
        Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural Networks", NeurIPS
        2014, section 3.2.
    """
    found = _beam(network, memory, width=width, length=length)
    alone = greedy(network, memory, length=length)
    n_steps = max(found.symbols.shape[1], alone.symbols.shape[1])
    is_worse = found.log_probabilities < alone.log_probabilities
    symbols = _widened(alone.symbols, n_steps).where(
        is_worse[:, None], _widened(found.symbols, n_steps)
    )
    return Decoded(symbols, torch.maximum(found.log_probabilities, alone.log_probabilities))


def _beam(network: SequenceNetwork, memory: Tensors, *, width: int, length: int) -> Decoded:
    n, device = len(memory[0]), memory[0].device
    fixed, state = network.start(memory)
    # (B, ...) -> (B W, ...)
    fixed, state = (tuple(t.repeat_interleave(width, 0) for t in ts) for ts in (fixed, state))
    symbols = torch.full((n, width), BEGIN, device=device)
    written = symbols.new_empty(n, width, 0)
    # All beams are the same at first: only one of them counts.
    totals = torch.full((n, width), -torch.inf, device=device)
    totals[:, 0] = 0.0
    first_rows = torch.arange(n, device=device)[:, None] * width
    while written.shape[2] < length and not (written[:, 0] == END).any(1).all():
        logits, state = network.step(symbols.flatten(), fixed, state)
        # (B W, K) -> (B, W, K), the totals after each symbol
        after = totals[:, :, None] + _log_probabilities(logits, written).reshape(n, width, -1)
        totals, places = after.flatten(1).topk(width)
        parents, symbols = places // after.shape[2], places % after.shape[2]
        state = tuple(t.index_select(0, (first_rows + parents).flatten()) for t in state)
        history = written.gather(1, parents[:, :, None].expand_as(written))
        written = torch.cat([history, symbols[:, :, None]], dim=2)
    best = written[:, 0]
    n_steps = int((best != PADDING).sum(1).max())
    return Decoded(best[:, :n_steps], totals[:, 0])


def _log_probabilities(logits: Tensor, written: Tensor) -> Tensor:
    """Return the log-probability (B W, K) of each next symbol; behind the end, of padding alone."""
    is_ended = (written == END).any(2).flatten()
    each = _writable(logits.float().log_softmax(-1))
    padding = torch.full_like(each[0], -torch.inf)
    padding[PADDING] = 0.0
    return padding.where(is_ended[:, None], each)


def _writable(scores: Tensor) -> Tensor:
    """Return scores (..., K) of symbols, those that are never written at minus infinity."""
    is_never = torch.zeros(scores.shape[-1], dtype=torch.bool, device=scores.device)
    is_never[[PADDING, BEGIN]] = True
    return scores.masked_fill(is_never, -torch.inf)


def _widened(symbols: Tensor, n_steps: int) -> Tensor:
    # (B, L) -> (B, n_steps)
    return nn.functional.pad(symbols, (0, n_steps - symbols.shape[1]), value=PADDING)

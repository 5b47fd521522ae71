"""Are sequences decoded as they should be?"""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from raysearch.data_spec import BEGIN, END, PADDING, UNKNOWN
from raysearch.models.shared.decoding import SequenceNetwork, beam, greedy
from raysearch.models.shared.sequences import previous_of

K = 7


class Chain(SequenceNetwork):
    """The next symbol depends on the input, the last symbol, and a sum over those before."""

    def __init__(self, *, seed, sharpness=2.0):
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(K, 5)
        self.output = nn.Linear(5, K)
        self.sharpness = sharpness
        self.n_steps = 0

    def encode(self, x):
        return (x,)

    def decode(self, memory, previous):
        self.n_steps += previous.shape[1]
        return self._logits(memory[0][:, None], self.embedding(previous).cumsum(1))

    def start(self, memory):
        return memory, (torch.zeros(len(memory[0]), 5),)

    def step(self, symbols, fixed, state):
        self.n_steps += 1
        (total,) = state
        total = total + self.embedding(symbols)
        return self._logits(fixed[0], total), (total,)

    def _logits(self, x, total):
        return self.sharpness * self.output(torch.sin(x + total))


class Scripted(SequenceNetwork):
    """Gives the odds of a table by the last symbol, whatever the input."""

    def __init__(self, table):
        super().__init__()
        self.table = table
        self.n_steps = 0

    def encode(self, x):
        return (x,)

    def start(self, memory):
        return (), ()

    def step(self, symbols, fixed, state):
        self.n_steps += 1
        return self.table[symbols], ()


def probability(network, x, symbols):
    """Return the log-probability of symbols (B, L) by teacher forcing."""
    logits = network(x, previous=previous_of(symbols)).log_softmax(-1)
    each = logits.gather(2, symbols[:, :, None])[:, :, 0]
    return each.masked_fill(symbols == PADDING, 0.0).sum(1)


def inputs(n):
    return torch.randn(n, 5, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 2, 5])
def test_probabilities_are_those_of_teacher_forcing(seed, width):
    network = Chain(seed=seed)
    x = inputs(6)
    for found in (greedy(network, (x,), length=8), beam(network, (x,), width=width, length=8)):
        wanted = probability(network, x, found.symbols)
        torch.testing.assert_close(found.log_probabilities, wanted)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy(seed):
    network = Chain(seed=seed)
    one, alone = (
        beam(network, (inputs(9),), width=1, length=8),
        greedy(network, (inputs(9),), length=8),
    )
    assert torch.equal(one.symbols, alone.symbols)
    assert torch.equal(one.log_probabilities, alone.log_probabilities)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_is_never_worse_than_greedy_and_at_times_better(seed):
    network = Chain(seed=seed, sharpness=1.0)
    alone = greedy(network, (inputs(40),), length=6).log_probabilities
    found = beam(network, (inputs(40),), width=4, length=6).log_probabilities
    assert (found >= alone).all()
    assert (found > alone).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_that_keeps_everything_finds_the_best(seed):
    network = Chain(seed=seed, sharpness=1.0)
    x, length = inputs(5), 3
    candidates = [
        row
        for n in range(1, length + 1)
        for row in itertools.product(range(K), repeat=n)
        if not {PADDING, BEGIN} & set(row)
        and END not in row[:-1]
        and (n == length or row[-1] == END)
    ]
    rows = torch.tensor([[*row, *[PADDING] * (length - len(row))] for row in candidates])
    found = beam(network, (x,), width=K**length, length=length)
    for number in range(len(x)):
        each = probability(network, x[number].expand(len(rows), 5), rows)
        torch.testing.assert_close(found.log_probabilities[number], each.max())
        best = rows[each.argmax()]
        assert found.symbols[number].tolist() == best[: found.symbols.shape[1]].tolist()


def test_ends_with_the_longest_row_and_at_the_limit():
    table = torch.full((K, K), -9.0)
    table[BEGIN, 4] = table[4, 5] = table[5, END] = 9.0
    network = Scripted(table)
    x = torch.zeros(2, 1)
    assert greedy(network, (x,), length=50).symbols.tolist() == [[4, 5, END]] * 2
    assert network.n_steps == 3
    assert beam(network, (x,), width=2, length=50).symbols.tolist() == [[4, 5, END]] * 2
    assert network.n_steps == 3 + 2 * 3
    assert greedy(network, (x,), length=2).symbols.tolist() == [[4, 5]] * 2
    assert beam(network, (x,), width=2, length=2).symbols.tolist() == [[4, 5]] * 2


def test_padding_and_begin_are_never_written():
    table = torch.zeros(K, K)
    table[:, [PADDING, BEGIN]] = 9.0
    table[:, UNKNOWN] = 1.0
    network, x = Scripted(table), torch.zeros(3, 1)
    for found in (greedy(network, (x,), length=4), beam(network, (x,), width=3, length=4)):
        assert not ((found.symbols == PADDING) | (found.symbols == BEGIN)).any()
    (row, *_) = greedy(network, (x,), length=4).symbols.tolist()
    assert row == [UNKNOWN] * 4


def test_padding_follows_the_end():
    for seed in range(4):
        symbols = beam(Chain(seed=seed), (inputs(20),), width=3, length=9).symbols
        for row in symbols.tolist():
            n = row.index(END) + 1 if END in row else len(row)
            assert PADDING not in row[:n]
            assert set(row[n:]) <= {PADDING}

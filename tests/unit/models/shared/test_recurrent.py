"""Are recurrent layers PyTorch's, whatever lies behind an end, and can their weights be swapped?"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.models.shared.recurrent import (
    RecurrentCells,
    RecurrentLayer,
    ends_of,
    n_states,
    reversed_in_time,
)

KINDS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]


def cells(cell, nonlinearity="tanh"):
    torch.manual_seed(0)
    return RecurrentCells(cell, n_inputs=3, hidden_size=4, nonlinearity=nonlinearity)


def layer_of(cell, nonlinearity, is_bidirectional):
    torch.manual_seed(0)
    return RecurrentLayer(
        cell,
        n_inputs=3,
        hidden_size=4,
        nonlinearity=nonlinearity,
        is_bidirectional=is_bidirectional,
    )


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_one_direction_is_pytorchs(cell, nonlinearity):
    layer = cells(cell, nonlinearity)
    x = torch.randn(5, 6, 3)
    outputs, state = layer(x)
    wanted, last = layer.layer(x)
    torch.testing.assert_close(outputs, wanted)
    last = last if cell == "lstm" else (last,)
    assert len(state) == len(last) == n_states(cell)
    for part, reference in zip(state, last, strict=True):
        torch.testing.assert_close(part, reference[0])


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_two_directions_are_pytorchs(cell, nonlinearity):
    layer = layer_of(cell, nonlinearity, True)
    kind = type(layer.directions[0].layer)
    settings = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
    reference = kind(3, 4, bidirectional=True, batch_first=True, **settings)
    for direction, end in zip(layer.directions, ("", "_reverse"), strict=True):
        for name, weight in direction.layer.named_parameters():
            getattr(reference, name + end).data.copy_(weight.data)
    x, lengths = torch.randn(5, 6, 3), torch.tensor([2, 6, 1, 4, 5])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    wanted, last = reference(packed)
    wanted = nn.utils.rnn.pad_packed_sequence(wanted, batch_first=True)[0]
    outputs = layer(x, lengths)
    ends = ends_of(outputs, lengths, hidden_size=4)
    inside = torch.arange(6) < lengths[:, None]
    torch.testing.assert_close(outputs[inside], wanted[inside])
    last = last[0] if cell == "lstm" else last
    torch.testing.assert_close(ends, torch.cat(tuple(last), dim=1))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_what_is_behind_the_end_changes_nothing(cell, nonlinearity, is_bidirectional):
    layer = layer_of(cell, nonlinearity, is_bidirectional)
    x, lengths = torch.randn(5, 6, 3), torch.tensor([2, 6, 1, 4, 5])
    outputs = layer(x, lengths)
    ends = ends_of(outputs, lengths, hidden_size=4)
    for row, length in enumerate(lengths.tolist()):
        alone = layer(x[row : row + 1, :length])
        torch.testing.assert_close(outputs[row, :length], alone[0])
        torch.testing.assert_close(ends[row], ends_of(alone, None, hidden_size=4)[0])


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_a_series_goes_on_where_it_stopped(cell, nonlinearity):
    layer = cells(cell, nonlinearity)
    x = torch.randn(5, 6, 3)
    whole, last = layer(x)
    first, state = layer(x[:, :2])
    rest, state = layer(x[:, 2:], state=state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole)
    for part, reference in zip(state, last, strict=True):
        torch.testing.assert_close(part, reference)


@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_swapped_weights_are_used_and_have_gradients(cell, nonlinearity, is_bidirectional):
    layer = layer_of(cell, nonlinearity, is_bidirectional)
    x, lengths = torch.randn(3, 4, 3), torch.tensor([4, 1, 3])
    swapped = {name: p.detach() * 2 for name, p in layer.named_parameters()}

    def ends(outputs):
        return ends_of(outputs, lengths, hidden_size=4).square().sum()

    def loss(parameters):
        return ends(torch.func.functional_call(layer, parameters, (x, lengths)))

    found = torch.func.grad(loss)(swapped)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.copy_(swapped[name])
    ends(layer(x, lengths)).backward()
    for name, parameter in layer.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)


def test_each_series_is_reversed_up_to_its_own_end():
    x = torch.tensor([[1, 2, 3, 0], [1, 2, 3, 4]])[:, :, None]
    lengths = torch.tensor([3, 4])
    assert reversed_in_time(x, lengths)[:, :, 0].tolist() == [[3, 2, 1, 0], [4, 3, 2, 1]]
    assert torch.equal(reversed_in_time(x, None), x.flip(1))


def test_weights_start_as_documented():
    layer = cells("lstm").layer
    assert layer.bias_ih_l0.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert not layer.bias_hh_l0.any()
    gate = layer.weight_hh_l0[4:8]
    torch.testing.assert_close(gate @ gate.T, torch.eye(4))

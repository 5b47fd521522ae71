"""Are recurrent layers PyTorch's, whatever lies behind an end, and can their weights be swapped?"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.models.shared.recurrent import RecurrentCells, n_states

KINDS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]


def cells(cell, nonlinearity, is_bidirectional):
    torch.manual_seed(0)
    return RecurrentCells(
        cell,
        n_inputs=3,
        hidden_size=4,
        nonlinearity=nonlinearity,
        is_bidirectional=is_bidirectional,
    )


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_a_layer_is_pytorchs(cell, nonlinearity, is_bidirectional):
    layer = cells(cell, nonlinearity, is_bidirectional)
    x = torch.randn(5, 6, 3)
    outputs, state = layer(x)
    wanted, last = layer.layer(x)
    torch.testing.assert_close(outputs, wanted)
    last = last if cell == "lstm" else (last,)
    assert len(state) == len(last) == n_states(cell)
    for part, reference in zip(state, last, strict=True):
        torch.testing.assert_close(part, torch.cat(tuple(reference), dim=1))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_what_is_behind_the_end_changes_nothing(cell, nonlinearity, is_bidirectional):
    layer = cells(cell, nonlinearity, is_bidirectional)
    x, lengths = torch.randn(5, 6, 3), torch.tensor([2, 6, 1, 4, 5])
    outputs, state = layer(x, lengths=lengths)
    for row, length in enumerate(lengths.tolist()):
        alone, alone_state = layer(x[row : row + 1, :length])
        torch.testing.assert_close(outputs[row, :length], alone[0])
        assert not outputs[row, length:].any()
        for part, reference in zip(state, alone_state, strict=True):
            torch.testing.assert_close(part[row], reference[0])


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_a_series_goes_on_where_it_stopped(cell, nonlinearity):
    layer = cells(cell, nonlinearity, False)
    x = torch.randn(5, 6, 3)
    whole, last = layer(x)
    first, state = layer(x[:, :2])
    rest, state = layer(x[:, 2:], state=state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole)
    for part, reference in zip(state, last, strict=True):
        torch.testing.assert_close(part, reference)


@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize("has_lengths", [False, True])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_swapped_weights_are_used_and_have_gradients(
    cell, nonlinearity, is_bidirectional, has_lengths
):
    layer = cells(cell, nonlinearity, is_bidirectional)
    x = torch.randn(3, 4, 3)
    lengths = torch.tensor([4, 1, 3]) if has_lengths else None
    swapped = {name: p.detach() * 2 for name, p in layer.named_parameters()}

    def loss(parameters):
        return torch.func.functional_call(layer, parameters, (x,), {"lengths": lengths})[0].sum()

    found = torch.func.grad(loss)(swapped)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.copy_(swapped[name])
    layer(x, lengths=lengths)[0].sum().backward()
    for name, parameter in layer.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)


def test_weights_start_as_documented():
    layer = cells("lstm", "tanh", True).layer
    for name in ("bias_ih_l0", "bias_ih_l0_reverse"):
        assert getattr(layer, name).tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert not layer.bias_hh_l0.any()
    gate = layer.weight_hh_l0[4:8]
    torch.testing.assert_close(gate @ gate.T, torch.eye(4))
    assert isinstance(layer, nn.LSTM)

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from raysearch.data_spec import BEGIN, END
from raysearch.errors import ConfigurationError
from raysearch.models.attention.decoder import EncoderDecoderNetwork
from raysearch.models.attention.module import Transformer

LENGTH = 6


def network_for(design, **changes):
    torch.manual_seed(0)
    writing = replace(design, task="seq2seq", n_outputs=7, target_length=LENGTH, **changes)
    return EncoderDecoderNetwork(writing).eval()


@pytest.fixture
def source():
    lengths = torch.tensor([1, 3, 5])
    torch.manual_seed(1)
    symbols = torch.randint(4, 9, (3, 5))
    return symbols.masked_fill(torch.arange(5) >= lengths[:, None], 0), lengths


@pytest.fixture
def previous():
    torch.manual_seed(2)
    return torch.cat([torch.full((3, 1), BEGIN), torch.randint(2, 7, (3, LENGTH - 1))], dim=1)


def stepwise(network, memory, previous):
    """Return the logits of all steps, one symbol after the other."""
    fixed, state = network.start(memory)
    logits = []
    for symbols in previous.unbind(1):
        each, state = network.step(symbols, fixed, state)
        logits.append(each)
    return torch.stack(logits, dim=1)


@pytest.mark.parametrize("positions", ["sinusoidal", "learnt", "rotary"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"norm_placement": "post", "activation": "geglu"},
        {"heads": 3, "weight_tying": True, "normalization": "rms", "decoder_depth": 3},
    ],
)
@torch.no_grad()
def test_symbol_by_symbol_equals_the_whole_pass(positions, changes, design, source, previous):
    network = network_for(design, positions=positions, **changes)
    memory = network.encode(*source)
    whole = network.decode(memory, previous)
    assert whole.shape == (3, LENGTH, 7)
    torch.testing.assert_close(stepwise(network, memory, previous), whole, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_symbol_by_symbol_without_lengths_and_from_an_image(design, previous):
    network = network_for(design, form="numbers", input_shape=[1, 4, 6], patch_size=2)
    memory = network.encode(torch.rand(3, 1, 4, 6))
    assert [part.shape for part in memory] == [(3, 6, 8)]
    whole = network.decode(memory, previous)
    torch.testing.assert_close(stepwise(network, memory, previous), whole, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_state_grows_by_one_position_and_leaves_the_old_as_it_was(design, source):
    network = network_for(design)
    fixed, state = network.start(network.encode(*source))
    assert [part.shape for part in state] == 4 * [(3, 2, 0, 4)]
    _, first = network.step(torch.full((3,), BEGIN), fixed, state)
    kept = [part.clone() for part in first]
    _, second = network.step(torch.full((3,), 4), fixed, first)
    assert [part.shape for part in second] == 4 * [(3, 2, 2, 4)]
    assert all(map(torch.equal, kept, first))


@torch.no_grad()
def test_what_comes_later_changes_nothing_before(design, source, previous):
    network = network_for(design, positions="rotary")
    memory = network.encode(*source)
    changed = previous.clone()
    changed[:, 4:] = END
    before, after = (network.decode(memory, each) for each in (previous, changed))
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


@pytest.mark.parametrize("positions", ["sinusoidal", "learnt", "rotary"])
@torch.no_grad()
def test_padding_of_the_source_never_changes_a_result(positions, design, source, previous):
    network = network_for(design, positions=positions)
    symbols, lengths = source
    together = network(symbols, lengths, previous=previous)
    for row, length in enumerate(lengths.tolist()):
        rows = slice(row, row + 1)
        alone = network(symbols[rows, :length], lengths[rows], previous=previous[rows])
        torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-5)


def test_tied_weights_are_one_matrix(design):
    tied, untied = (network_for(design, weight_tying=each) for each in (True, False))
    assert tied.output.weight is tied.symbols.table.weight
    n_tied, n_untied = (sum(p.numel() for p in net.parameters()) for net in (tied, untied))
    assert n_untied - n_tied == 7 * 8


@pytest.fixture
def writer():
    """Return a Transformer that has learnt to turn two symbols round."""
    torch.manual_seed(0)
    module = Transformer(
        input_shape=[2], n_outputs=8, task="seq2seq", form="tokens", vocabulary=8, target_length=3,
        width=16, depth=1, decoder_depth=1, dropout=0.0,
    )  # fmt: skip
    source = torch.cartesian_prod(*2 * [torch.arange(4, 8)])
    targets = torch.cat([source.flip(1), torch.full((16, 1), END)], dim=1)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-2, fused=True)
    for _ in range(60):
        optimizer.zero_grad()
        module.training_loss((source, targets)).backward()
        optimizer.step()
    return module.eval(), source, targets


def test_it_learns_to_write_and_writes_the_same_greedily_and_by_beam(writer):
    module, source, targets = writer
    assert torch.equal(module(source), targets)
    widest = module.answers(source, beam_width=3)
    assert torch.equal(widest.symbols, targets)
    assert (widest.log_probabilities >= module.answers(source).log_probabilities - 1e-5).all()


def test_a_network_for_labels_writes_nothing():
    module = Transformer(input_shape=[1, 4, 4], n_outputs=3, width=8)
    with pytest.raises(ConfigurationError, match="is for classification and writes no sequences"):
        module.answers(torch.zeros(1, 1, 4, 4))

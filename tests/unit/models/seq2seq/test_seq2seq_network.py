"""Do encoder, decoder and attention compute what the papers say?"""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from raysearch.models.seq2seq import network as network_module
from raysearch.models.seq2seq.network import Attention, Seq2SeqDesign, Seq2SeqNetwork
from raysearch.models.shared.sequences import previous_of

CELLS = ("rnn", "gru", "lstm")
KINDS = ("none", "dot", "multiplicative", "additive")


def built(*, seed=0, **settings):
    torch.manual_seed(seed)
    design = {
        "input_shape": [7],
        "n_outputs": 9,
        "form": "tokens",
        "vocabulary": 11,
        "cell": "gru",
        "nonlinearity": "tanh",
        "layers": 1,
        "hidden_size": 6,
        "bidirectional": False,
        "connections": "plain",
        "attention": "dot",
        "activation": "tanh",
        "embedding_size": 5,
        "dropout": 0.0,
    }
    return Seq2SeqNetwork(Seq2SeqDesign(**{**design, **settings})).eval()


def batch(n=6):
    generator = torch.Generator().manual_seed(0)
    lengths = 1 + torch.arange(n) % 7
    tokens = torch.randint(4, 11, (n, 7), generator=generator)
    tokens = tokens.masked_fill(torch.arange(7) >= lengths[:, None], 0)
    targets = torch.randint(4, 9, (n, 5), generator=generator)
    return tokens, lengths, targets


@pytest.mark.parametrize("kind", ["dot", "multiplicative", "additive"])
def test_scores_are_those_of_the_papers(kind):
    torch.manual_seed(0)
    attention = Attention(kind, size=4)
    queries, values = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    scores = attention.scores(queries, attention.keys(values))
    assert scores.shape == (2, 3, 5)
    for row, query, step in itertools.product(range(2), range(3), range(5)):
        h, m = queries[row, query], values[row, step]
        if kind == "dot":
            wanted = sum(h[i] * m[i] for i in range(4))
        elif kind == "multiplicative":
            wanted = h @ attention.memory.weight @ m
        else:
            told = attention.query.weight @ h + attention.query.bias + attention.memory.weight @ m
            wanted = attention.score.weight[0] @ torch.tanh(told)
        torch.testing.assert_close(scores[row, query, step], wanted)


@pytest.mark.parametrize("kind", ["dot", "multiplicative", "additive"])
def test_attention_is_the_mean_of_what_is_inside(kind):
    torch.manual_seed(0)
    attention = Attention(kind, size=4)
    queries, values = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    inside = torch.arange(5) < torch.tensor([5, 2])[:, None]
    keys = attention.keys(values)
    told = attention(queries, keys=keys, values=values, inside=inside)
    for b, n in enumerate([5, 2]):
        weights = attention.scores(queries, keys)[b, :, :n].softmax(1)
        torch.testing.assert_close(told[b], weights @ values[b, :n])


def test_dot_attention_is_that_of_pytorch():
    attention = Attention("dot", size=4)
    queries, values = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    inside = torch.arange(5) < torch.tensor([5, 2])[:, None]
    told = attention(queries, keys=values, values=values, inside=inside)
    wanted = nn.functional.scaled_dot_product_attention(
        queries, values, values, attn_mask=inside[:, None], scale=1.0
    )
    torch.testing.assert_close(told, wanted)


def test_additive_attention_in_pieces_is_the_same(monkeypatch):
    torch.manual_seed(0)
    attention = Attention("additive", size=4)
    queries, keys = torch.randn(2, 7, 4), torch.randn(2, 5, 4)
    at_once = attention.scores(queries, keys)
    monkeypatch.setattr(network_module, "_MOST_AT_ONCE", 3 * keys.numel())
    torch.testing.assert_close(attention.scores(queries, keys), at_once)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_step_by_step_is_the_same_as_all_at_once(cell, kind, bidirectional):
    network = built(
        cell=cell, attention=kind, bidirectional=bidirectional, layers=2, connections="residual"
    )
    tokens, lengths, targets = batch()
    memory = network.encode(tokens, lengths)
    previous = previous_of(targets)
    together = network.decode(memory, previous)
    assert together.shape == (6, 5, 9)
    fixed, state = network.start(memory)
    for place in range(previous.shape[1]):
        logits, state = network.step(previous[:, place], fixed, state)
        torch.testing.assert_close(logits, together[:, place])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_never_changes_a_result(cell, kind, bidirectional):
    network = built(
        cell=cell, attention=kind, bidirectional=bidirectional, layers=2, connections="residual"
    )
    tokens, lengths, targets = batch()
    together = network(tokens, lengths, previous=previous_of(targets))
    for row, length in enumerate(lengths.tolist()):
        alone = network(
            tokens[row : row + 1, :length],
            lengths[row : row + 1],
            previous=previous_of(targets)[row : row + 1],
        )
        torch.testing.assert_close(alone[0], together[row])
    behind = tokens.masked_fill(tokens == 0, 5)
    torch.testing.assert_close(network(behind, lengths, previous=previous_of(targets)), together)


def test_an_encoder_and_decoder_without_attention_is_pytorchs():
    network = built(cell="lstm", attention="none")
    encoder, decoder = (nn.LSTM(5, 6, batch_first=True) for _ in range(2))
    encoder.load_state_dict(network.encoder.layers[0].directions[0].layer.state_dict())
    decoder.load_state_dict(network.layers[0].layer.state_dict())
    tokens, lengths, targets = batch()
    logits = network(tokens, lengths, previous=previous_of(targets))
    for row, length in enumerate(lengths.tolist()):
        _, (end, _) = encoder(network.embedding(tokens[row : row + 1, :length]))
        of_outputs, of_cell = network.encoder.bridges[0]
        first = (of_outputs(end).tanh(), of_cell(end))
        outputs, _ = decoder(network.symbols(previous_of(targets)[row : row + 1]), first)
        torch.testing.assert_close(logits[row : row + 1], network.output(outputs))


def test_residual_connections_add_what_a_layer_reads():
    networks = [built(layers=2, connections=kind) for kind in ("plain", "residual")]
    tokens, lengths, _ = batch()
    memories = [network.encode(tokens, lengths) for network in networks]
    read = networks[0].encoder.layers[0](networks[0].embedding(tokens[:, :6]))
    inside = memories[0][2]
    torch.testing.assert_close(memories[1][0][inside], (memories[0][0] + read)[inside])
    for plain, residual in zip(memories[0][3:], memories[1][3:], strict=True):
        torch.testing.assert_close(plain, residual)


@pytest.mark.parametrize("has_lengths", [True, False])
def test_reads_series_of_numbers(has_lengths):
    network = built(form="numbers", input_shape=[3, 7], bidirectional=True)
    series = torch.randn(4, 3, 7)
    inputs = (series, torch.tensor([7, 7, 7, 7])) if has_lengths else (series,)
    _, _, targets = batch(4)
    logits = network(*inputs, previous=previous_of(targets))
    torch.testing.assert_close(logits, network(series, previous=previous_of(targets)))


def test_a_symbol_depends_on_those_before_it_alone():
    network = built(attention="additive", layers=2)
    tokens, lengths, targets = batch()
    before = network(tokens, lengths, previous=previous_of(targets))
    changed = targets.clone()
    changed[:, 3] = 4 + (targets[:, 3] - 3) % 5
    after = network(tokens, lengths, previous=previous_of(changed))
    torch.testing.assert_close(after[:, :4], before[:, :4])
    assert not torch.isclose(after[:, 4], before[:, 4]).all()

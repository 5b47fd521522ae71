"""The family graph: what its network computes, what training changes, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from raysearch.data.loaders import TensorLoader
from raysearch.models.graph.layout import layers_of
from raysearch.models.graph.module import EvolvedGraph
from raysearch.models.graph.network import FUNCTIONS, GraphDesign, GraphNetwork
from raysearch.models.shared.sizes import count_parameters
from raysearch.space import Graph
from raysearch.space.genome import ACTIVATIONS
from raysearch.space.genome_reading import read_genome
from raysearch.space.mutations import Rates
from tests.unit.searchers.xor import CASES, evaluated

WIDE = Graph(3, 2, activations=ACTIVATIONS)
GROWING = Rates(node=1.0, connection=1.0, toggle=0.5, activation=0.5, weights=0.5)
SKIPPING = (
    '{"inputs":2,"outputs":1,"nodes":[[2,"identity",0.5],[7,"relu",0.0],[8,"tanh",1.0],'
    '[9,"sin",0.0]],"connections":[[0,2,1.0,1],[0,7,2.0,1],[1,7,1.0,0],[7,2,3.0,1],[7,9,1.0,1],'
    "[8,2,4.0,1]]}"
)
"""7 reads an input, 8 nothing, 9 leads nowhere, and a connection skips all of them."""


def network(text, n_inputs, cardinalities=()):
    design = GraphDesign(input_shape=[n_inputs], cardinalities=list(cardinalities), graph=text)
    return GraphNetwork(design)


def grown(seed, n=12):
    rng = np.random.default_rng(seed)
    text = WIDE.founder(rng)
    for _ in range(n):
        text = WIDE.evolved(text, rng, rates=GROWING)
    return text


def test_every_activation_has_a_function():
    assert set(FUNCTIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("seed", range(8))
def test_it_computes_what_a_walk_from_node_to_node_does(seed):
    text = grown(seed)
    inputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
    expected = torch.tensor([evaluated(text, row) for row in inputs.tolist()])
    torch.testing.assert_close(network(text, 3)(inputs), expected, rtol=1e-4, atol=1e-4)


def test_layers_follow_the_longest_way_and_leave_out_what_leads_nowhere():
    layers = layers_of(read_genome(SKIPPING))
    assert [[node.id for node in layer.nodes] for layer in layers] == [[7, 8], [2]]
    assert [layer.n_before for layer in layers] == [2, 4]
    assert layers[0].activations == (("relu", 1), ("tanh", 1))
    assert layers[1].positions == ((0, 0), (0, 2), (0, 3))
    model = network(SKIPPING, 2)
    assert count_parameters(model) == 4 + 3  # enabled connections that count, and biases
    x = torch.tensor([[0.25, 9.0]])
    expected = 0.5 + 0.25 + 3 * 0.5 + 4 * np.tanh(1.0)
    assert model(x).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "nadam", "sgd"])
def test_without_connections_the_outputs_are_biases(optimizer):
    text = Graph(3, 2, initial="none").default_value()
    module = EvolvedGraph(input_shape=[3], n_outputs=2, graph=text, optimizer=optimizer)
    batch = torch.randn(6, 3), torch.arange(6) % 2
    fit(module, batch)
    assert torch.equal(module(batch[0]), module.network.output.bias.expand(6, 2))


def test_each_category_is_an_input():
    text = Graph(1 + 2 + 3, 1).founder(np.random.default_rng(0))
    rows = torch.tensor([[0.5, 1.0, 2.0], [0.5, 0.0, 0.0]])
    marked = torch.tensor([[0.5, 0, 1, 0, 0, 1], [0.5, 1, 0, 1, 0, 0]])
    assert torch.equal(network(text, 3, (2, 3))(rows), network(text, 6)(marked))


def fit(module, batch, *, epochs=1):
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, max_epochs=epochs,
    )  # fmt: skip
    trainer.fit(module, TensorLoader(*batch, batch_size=4), TensorLoader(*batch, batch_size=4))
    return trainer


pytestmark = pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"  # Lightning's own, about torch
)


def xor_batch():
    inputs = torch.tensor([inputs for inputs, _ in CASES])
    return inputs, torch.tensor([int(target) for _, target in CASES])


def xor_graph(seed=0):
    """Return a graph with four hidden nodes between inputs and outputs."""
    graph, rng = Graph(2, 2, activations=("tanh",)), np.random.default_rng(seed)
    text = graph.founder(rng)
    for _ in range(4):
        text = graph.evolved(text, rng, rates=Rates(node=1.0, connection=1.0, weights=0.0))
    return text


def test_gradients_solve_xor_and_are_learnt_into_the_graph():
    text = xor_graph()
    module = EvolvedGraph(
        input_shape=[2], n_outputs=2, graph=text, learning_rate=0.1, schedule="constant"
    )
    fit(module, xor_batch(), epochs=60)
    learnt = module.learnt_parameters()["graph"]
    old, new = read_genome(text), read_genome(learnt)
    assert [gene.ends for gene in new.connections] == [gene.ends for gene in old.connections]
    disabled = [(a.weight, b.weight) for a, b in zip(old.connections, new.connections, strict=True)
                if not a.is_enabled]  # fmt: skip
    assert disabled
    assert all(before == after for before, after in disabled)
    again = EvolvedGraph(input_shape=[2], n_outputs=2, graph=learnt)
    inputs, targets = xor_batch()
    assert torch.equal(again(inputs).argmax(1), targets)
    torch.testing.assert_close(again(inputs), module(inputs), rtol=1e-3, atol=1e-3)


def test_a_graph_that_is_only_measured_stays_as_it_is():
    module = EvolvedGraph(input_shape=[2], n_outputs=2, graph=xor_graph(), train="none")
    before = [parameter.detach().clone() for parameter in module.parameters()]
    done = fit(module, xor_batch(), epochs=2)
    assert all(map(torch.equal, before, module.parameters()))
    assert module.learnt_parameters() == {}
    trained = EvolvedGraph(input_shape=[2], n_outputs=2, graph=xor_graph())
    loss = trained.training_loss(xor_batch())
    assert done.callback_metrics["train/loss"].item() == pytest.approx(loss.item(), rel=1e-5)


def test_nothing_is_told_of_weights_that_are_not_finite():
    module = EvolvedGraph(input_shape=[2], n_outputs=2)
    assert set(module.learnt_parameters()) == {"graph"}
    module.network.output.bias.data[0] = torch.nan
    assert module.learnt_parameters() == {}


def test_the_graph_is_drawn():
    module = EvolvedGraph(input_shape=[2], n_outputs=2, graph=xor_graph())
    (picture,) = module.pictures(xor_batch()[0]).values()
    assert picture.shape[0] == 3
    assert min(picture.shape[1:]) >= 240
    assert 0 <= picture.min() < 0.5 < picture.max() == 1.0
    red, _, blue = picture
    bluish, reddish = (blue - red > 0.2).sum(), (red - blue > 0.2).sum()
    assert bluish > 50
    assert reddish > 50
    other = EvolvedGraph(input_shape=[2], n_outputs=2).pictures(xor_batch()[0])["graph"]
    assert other.shape[2] <= picture.shape[2]

from __future__ import annotations

import itertools
import time

import pytest
import torch
from torch import nn

from raysearch.data.listops.module import Data
from raysearch.errors import ConfigurationError
from raysearch.models.tree.cell import CellDesign
from raysearch.models.tree.cells import CHILD_SUM, N_ARY
from raysearch.models.tree.levels import Children
from raysearch.models.tree.module import Tree
from raysearch.models.tree.space import data_arguments, search_space
from tests.contracts.families import batch_for, spec, trees
from tests.tree_reference import outputs

CELLS = ["lstm", "gru", "recursive", "gated"]
COMPOSITIONS = ["child_sum", "n_ary", "fold"]
SERIES = spec("regression", 3, 7, has_lengths=True)


def network_for(data, **design):
    torch.manual_seed(1)
    settings = {"width": 6, "embedding_size": 5, "dropout": 0.0, **design}
    return Tree(**data_arguments(data), **settings).network


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("composition", COMPOSITIONS)
@pytest.mark.parametrize("data", [trees("classification"), SERIES], ids=["trees", "series"])
def test_levels_give_what_one_node_after_the_other_does(data, cell, composition):
    inputs, lengths, _ = batch_for(data, 10)
    for (leaf, depth), arity, closing in itertools.product(
        [("shared", 1), ("own", 3)], [1, 2, 3], [False, True]
    ):
        if (composition != "n_ary" and arity > 1) or (composition != "fold" and closing):
            continue
        network = network_for(
            data,
            cell=cell,
            composition=composition,
            closing=closing,
            leaf=leaf,
            depth=depth,
            arity=arity,
            connections="residual",
            normalization="layer",
        )
        torch.testing.assert_close(network(inputs, lengths), outputs(network, inputs, lengths))


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_gradients_are_those_of_one_node_after_the_other(composition):
    inputs, lengths, _ = batch_for(trees("classification"), 10)
    network = network_for(trees("classification"), composition=composition)
    found = []
    for compute in (network, lambda *x: outputs(network, *x)):
        network.zero_grad()
        compute(inputs, lengths).square().mean().backward()
        found.append([parameter.grad.clone() for parameter in network.parameters()])
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("cells", [CHILD_SUM, N_ARY], ids=["child_sum", "n_ary"])
@pytest.mark.parametrize("name", ["lstm", "gru", "recursive"])
def test_a_candidate_may_have_another_type_than_states(name, cells):
    # on CUDA autocast gives normalised numbers in float32 and products of matrices in float16
    design = CellDesign(width=4, arity=2, activation="tanh", normalization="layer", dropout=0.0)
    torch.manual_seed(1)
    cell = cells[name](design)
    p = torch.randn(2, cell.n_gates * 4)
    children = Children(
        states=torch.randn(3, cell.n_states * 4),
        parents=torch.tensor([0, 0, 1]),
        slots=torch.tensor([0, 1, 0]),
        n_parents=2,
    )
    expected = cell(p, children)
    cell.candidate.register_forward_hook(lambda *seen: seen[-1].double())
    torch.testing.assert_close(cell(p, children), expected, check_dtype=False)


@pytest.fixture(scope="module")
def listops(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        data = Data(batch_size=128, n_examples=300)
        torch.manual_seed(0)
        yield data.spec, next(iter(data.train_dataloader()))


def test_listops_is_evaluated_at_least_20_times_faster_than_by_node(listops):
    data, (inputs, lengths, _) = listops
    assert len(inputs) == 128
    network = network_for(data, width=32, composition="child_sum")

    def fastest_s(compute, n):
        spans = []
        for _ in range(n):
            begun = time.perf_counter()
            compute()
            spans.append(time.perf_counter() - begun)
        return min(spans)

    with torch.no_grad():
        torch.testing.assert_close(network(inputs, lengths), outputs(network, inputs, lengths))
        by_level = fastest_s(lambda: network(inputs, lengths), 10)
        by_node = fastest_s(lambda: outputs(network, inputs, lengths), 2)
    assert by_node > 20 * by_level


def test_rare_symbols_are_looked_up_by_node_and_common_ones_once(listops):
    data, (inputs, lengths, _) = listops
    network = network_for(data)
    one_by_one = [network(inputs[i : i + 1], lengths[i : i + 1])[0] for i in range(8)]
    assert lengths[:8].min() < data.vocabulary < lengths.sum()
    torch.testing.assert_close(network(inputs, lengths)[:8], torch.stack(one_by_one))


@pytest.mark.parametrize(
    ("composition", "matters"), [("child_sum", False), ("n_ary", True), ("fold", True)]
)
@pytest.mark.parametrize("cell", CELLS)
def test_order_of_children_matters_but_to_sums(cell, composition, matters):
    data = trees("classification")
    network = network_for(data, cell=cell, composition=composition)
    first = torch.tensor([[[4, 5, 6], [2, 2, -1]]])
    other = torch.tensor([[[5, 4, 6], [2, 2, -1]]])
    assert torch.allclose(network(first), network(other), atol=1e-6) != matters


def test_a_node_may_have_more_children_than_places():
    network = network_for(trees("classification"), composition="n_ary", arity=2, cell="gru")
    wide = torch.tensor([[[4, 5, 6, 7, 4, 5], [5, 5, 5, 5, 5, -1]]])
    torch.testing.assert_close(network(wide), outputs(network, wide))


def test_forget_gates_start_open():
    for composition in COMPOSITIONS:
        network = network_for(trees("classification"), composition=composition, depth=2)
        for layer in network.layers:
            assert layer.input.bias.reshape(4, -1)[:, 0].tolist() == [0, 0, 0, 1]


def test_dropout_acts_in_training_only_and_leaves_what_is_carried_up():
    network = network_for(trees("classification"), dropout=0.5)
    inputs, lengths, _ = batch_for(trees("classification"), 10)
    assert not torch.equal(network(inputs, lengths), network(inputs, lengths))
    network.eval()
    assert torch.equal(network(inputs, lengths), network(inputs, lengths))
    drops = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    assert len(drops) == 2  # of the candidate, and of what the root hands on


def test_the_number_of_weights_is_that_of_the_paper():
    # Tai et al.: child-sum has 4 W and 4 U; N-ary 4 W, 3 N U and N^2 U of the forget gates
    sizes = {}
    for composition, arity in [("child_sum", 2), ("n_ary", 3), ("fold", 7)]:
        network = network_for(SERIES, composition=composition, arity=arity)
        sizes[composition] = sum(p.numel() for p in network.layers.parameters())
    of_inputs = 4 * 6 * (3 + 1)
    assert sizes["child_sum"] == of_inputs + 4 * 36
    assert sizes["n_ary"] == of_inputs + (3 * 3 + 9) * 36
    assert sizes["fold"] == of_inputs + (3 * 2 + 4) * 36


def test_a_gated_cell_has_the_weights_of_its_hidden_layer():
    # (input and places) to 2 * 6, and from there to gates and candidate; a scale and a shift
    for composition, n_places, n_read in [("n_ary", 3, 5), ("fold", 2, 4), ("child_sum", 1, 2 + 1)]:
        network = network_for(
            SERIES, cell="gated", hidden_ratio=2, composition=composition, arity=3
        )
        found = sum(p.numel() for p in network.layers.parameters())
        hidden = 12 * (3 + 1) + 12 * 6 * n_places
        assert found == hidden + (12 + 1) * 6 * n_read + 2 * 6


def test_what_a_gated_cell_keeps_is_normalised():
    network = network_for(trees("classification"), cell="gated", width=32)
    inputs, lengths, _ = batch_for(trees("classification"), 10)
    seen = []
    network.output.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(inputs, lengths)
    torch.testing.assert_close(seen[0].mean(1), torch.zeros(10), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[0].var(1, unbiased=False), torch.ones(10), atol=1e-3, rtol=0)


def test_closing_is_of_folded_trees_alone():
    sizes = {}
    for composition in COMPOSITIONS:
        for closing in (False, True):
            network = network_for(trees("classification"), composition=composition, closing=closing)
            sizes[composition, closing] = sum(p.numel() for p in network.parameters())
    assert sizes["fold", True] == sizes["fold", False] + 5
    assert sizes["n_ary", True] == sizes["n_ary", False]
    assert sizes["child_sum", True] == sizes["child_sum", False]


def test_series_search_no_parameters_of_symbols():
    assert set(search_space(trees("regression")).keys) - set(search_space(SERIES).keys) == {
        "embedding_size",
        "arity",
    }


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"vocabulary": 0}, "tree reads tree of a vocabulary of more than 3, not 0"),
        ({"input_shape": [3, 9]}, "tree reads the symbols and the parents"),
    ],
)
def test_trees_of_another_shape_are_refused(wrong, named):
    given = {**data_arguments(trees("classification")), **wrong}
    with pytest.raises(ConfigurationError, match=named):
        Tree(**given)

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from raysearch.data.listops.grammar import SYMBOLS, expressions
from raysearch.data.listops.module import Data
from raysearch.data.listops.space import data_spec
from raysearch.data_spec import UNKNOWN
from raysearch.errors import ConfigurationError


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))


def parsed(tokens):
    """Return an expression as lists [operator, argument, ...], read by its brackets alone."""
    stack = [[]]
    for token in tokens:
        if token.startswith("["):
            stack.append([token])
        elif token == "]":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(int(token))
    ((tree,),) = [stack]
    return tree[0]


def value(tree):
    """Return what an expression comes to, with NumPy as in the published generator."""
    if isinstance(tree, int):
        return tree
    operator, *arguments = tree
    values = [value(argument) for argument in arguments]
    by_name = {"[MAX": max, "[MIN": min, "[MED": lambda v: int(np.median(v))}
    return by_name.get(operator, lambda v: sum(v) % 10)(values)


def depth(tree):
    return 0 if isinstance(tree, int) else 1 + max(map(depth, tree[1:]))


@pytest.fixture(scope="module")
def found():
    return expressions(3000, max_depth=6, max_length=100, seed=0)


def test_values_are_those_of_the_paper(found):
    assert [value(parsed(e.text.split())) for e in found] == [e.value for e in found]


def test_the_example_of_the_paper():
    assert value(parsed(["[MAX", "2", "9", "[MIN", "4", "7", "]", "0", "]"])) == 9


def test_expressions_are_different_and_within_the_limits():
    for max_depth, max_length in [(1, 7), (3, 20), (6, 100)]:
        found = expressions(500, max_depth=max_depth, max_length=max_length, seed=1)
        assert len({e.text for e in found}) == len(found) == 500
        assert max(len(e.tokens) for e in found) <= max_length
        assert max(depth(parsed(e.text.split())) for e in found) == max_depth


def test_all_of_the_smallest_ones_can_be_had_and_no_more():
    found = expressions(4 * 100, max_depth=1, max_length=4, seed=0)
    assert {e.text.split()[0] for e in found} == {"[MAX", "[MIN", "[MED", "[SM"}
    with pytest.raises(ConfigurationError, match=r"n_examples is 401, but after 400 different"):
        expressions(401, max_depth=1, max_length=4, seed=0)


def test_draws_have_the_probabilities_of_the_grammar(found):
    # Repeated expressions are rare among long ones, so their parts are as the grammar draws them.
    inner = [e.text.split()[1:-1] for e in found if len(e.tokens) > 12]
    tokens = Counter(token for e in inner for token in e)
    digits = np.array([tokens[str(d)] for d in range(10)])
    operators = np.array([tokens[o] for o in ("[MAX", "[MIN", "[MED", "[SM")])
    for counts in (digits, operators):
        # five standard deviations: a false alarm in one of 100,000 seeds
        assert abs(counts - counts.mean()).max() < 5 * np.sqrt(counts.mean())


def test_trees_say_the_same_as_tokens(found):
    for e in found[:300]:
        children: dict[int, list[int]] = {}
        for node, parent in enumerate(e.parents):
            assert parent > node or (parent == -1 and node == len(e.parents) - 1)
            children.setdefault(parent, []).append(node)

        def written(node, children=children, e=e):
            inner = [token for child in children.get(node, []) for token in written(child)]
            end = ["]"] if inner else []
            return [SYMBOLS[e.symbols[node] - UNKNOWN - 1], *inner, *end]

        assert written(len(e.parents) - 1) == e.text.split()


def test_more_examples_begin_with_the_same_ones(found):
    few = expressions(10, max_depth=6, max_length=100, seed=0)
    assert [e.text for e in few] == [e.text for e in found[:10]]
    assert few[0].text != expressions(1, max_depth=6, max_length=100, seed=1)[0].text


def test_both_forms_are_of_the_same_expressions():
    given = {"batch_size": 64, "n_examples": 200, "max_length": 25, "seed": 3}
    trees, tokens = (Data(form=form, **given)._splits() for form in ("tree", "tokens"))
    for tree, token in zip(
        (trees.train, trees.validation, trees.test),
        (tokens.train, tokens.validation, tokens.test),
        strict=True,
    ):
        assert tree[2].equal(token[2])
        # a closing bracket for each operator
        n_operators = (tree[0][:, 0] >= UNKNOWN + 1 + 10).sum(1)
        assert token[1].equal(tree[1] + n_operators)
        is_end = token[0] == UNKNOWN + len(SYMBOLS)
        assert is_end.sum(1).equal(n_operators)


@pytest.mark.parametrize("form", ["tree", "tokens"])
def test_bucketing_changes_which_examples_are_learnt_together_and_no_more(form):
    given = {"batch_size": 10, "n_examples": 300, "form": form}
    spreads = []
    for bucketing in (False, True):
        data = Data(bucketing=bucketing, **given)
        batches = list(data.train_dataloader())
        spreads.append(np.mean([int(n.max() - n.min()) for _, n, _ in batches]))
        assert data.spec == data_spec(n_examples=300, form=form)
        learnt = torch.cat([inputs for inputs, _, _ in batches]).flatten(1).tolist()
        assert sorted(learnt) == sorted(data._splits().train[0].flatten(1).tolist())
    assert spreads[1] < spreads[0] / 4


@pytest.mark.parametrize("form", ["tree", "tokens"])
def test_the_vocabulary_is_what_occurs(form):
    spec = data_spec(form=form, n_examples=300)
    inputs = Data(batch_size=8, form=form, n_examples=300)._splits().train[0]
    symbols = inputs[:, 0] if form == "tree" else inputs
    assert symbols.max() + 1 == spec.vocabulary
    assert set(symbols.unique().tolist()) == {0, *range(UNKNOWN + 1, spec.vocabulary)}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"form": "trees"}, r"data.form: trees is not a form of ListOps\. Did you mean tree\?"),
        ({"bucketing": "yes"}, r"data.bucketing is 'yes'\. It must be true or false"),
        ({"max_depth": 0}, "data.max_depth is 0"),
        ({"max_length": 3}, "data.max_length is 3"),
        ({"n_examples": 5}, "data.n_examples is 5"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        data_spec(**wrong)
    with pytest.raises(ConfigurationError, match=message):
        Data(batch_size=8, **wrong)

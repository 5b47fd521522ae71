from __future__ import annotations

import math
import re
import statistics
from collections import Counter

import numpy as np
import pytest
import torch

from raysearch.data.listops.grammar import SYMBOLS, expressions, value_of
from raysearch.data.listops.module import Data
from raysearch.data.listops.space import data_spec
from raysearch.data_spec import UNKNOWN
from raysearch.errors import ConfigurationError


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))


WRITTEN = [*"0123456789", "[MAX", "[MIN", "[MED", "[SM", "]"]
"""What the symbols of a batch stand for, from `UNKNOWN` + 1 on."""

PUBLISHED = {
    "[MAX 2 9 [MIN 4 7 ] 0 ]": 9,  # Nangia and Bowman 2018, figure 1
    "[MAX 4 3 [MIN 2 3 ] 1 0 [MED 1 5 8 9 2 ] ]": 5,  # Tay et al. 2021, section 2.2.1
}

INNERMOST = re.compile(r"\[(MAX|MIN|MED|SM)((?: \d)+) \]")


def value(text):
    """Return what an expression comes to, by putting values in place of what is innermost."""
    while match := INNERMOST.search(text):
        digits = [int(digit) for digit in match[2].split()]
        of = {"MAX": max, "MIN": min, "MED": statistics.median, "SM": lambda v: sum(v) % 10}
        text = f"{text[: match.start()]}{math.floor(of[match[1]](digits))}{text[match.end() :]}"
    return int(text)


def depth(text):
    return max(text[:place].count("[") - text[:place].count("]") for place in range(len(text)))


@pytest.fixture(scope="module")
def found():
    return expressions(3000, max_depth=6, max_length=100, seed=0)


def batches(**given):
    """Return all examples of all splits: inputs, lengths and targets."""
    splits = Data(batch_size=64, **given)._splits()
    parts = zip(splits.train, splits.validation, splits.test, strict=True)
    return [torch.cat(role).tolist() for role in parts]


def test_labels_of_tokens_are_the_values_of_what_is_written():
    inputs, lengths, targets = batches(form="tokens", n_examples=1500, seed=5)
    texts = [
        " ".join(WRITTEN[token - UNKNOWN - 1] for token in row[:length])
        for row, length in zip(inputs, lengths, strict=True)
    ]
    assert [value(text) for text in texts] == targets
    assert len(set(texts)) == 1500
    assert max(map(depth, texts)) == 6
    assert set(targets) == set(range(10))


def test_labels_of_trees_are_the_values_of_their_roots():
    inputs, lengths, targets = batches(form="tree", n_examples=1500, seed=5)
    for (symbols, parents), length, target in zip(inputs, lengths, targets, strict=True):
        texts = [WRITTEN[symbol - UNKNOWN - 1] for symbol in symbols[:length]]
        inner = [[] for _ in texts]
        for node, parent in enumerate(parents[:length]):  # children come before their parents
            if inner[node]:
                texts[node] = " ".join([texts[node], *inner[node], "]"])
            if parent >= 0:
                inner[parent].append(texts[node])
        assert parents[length - 1] == -1
        assert value(texts[length - 1]) == target


@pytest.mark.parametrize(("text", "expected"), PUBLISHED.items())
def test_published_examples(text, expected):
    operators = ["MAX", "MIN", "MED", "SM"]
    assert value(text) == expected
    while match := INNERMOST.search(text):  # the same by the module's own operators
        digits = [int(digit) for digit in match[2].split()]
        found = value_of(operators.index(match[1]), digits)
        text = f"{text[: match.start()]}{found}{text[match.end() :]}"
    assert text == str(expected)


@pytest.mark.parametrize(
    ("operator", "digits", "expected"),
    [
        ("MAX", [3, 9, 9], 9),
        ("MIN", [3, 0, 9], 0),
        ("MED", [1, 2], 1),  # 1.5, rounded down
        ("MED", [9, 1, 4], 4),
        ("MED", [7, 1, 2, 8], 4),
        ("SM", [9, 9, 9, 9, 9], 5),
        ("SM", [5, 5], 0),
    ],
)
def test_operators_are_those_of_the_paper(operator, digits, expected):
    assert value_of(["MAX", "MIN", "MED", "SM"].index(operator), digits) == expected


def test_expressions_are_different_and_within_the_limits():
    for max_depth, max_length in [(1, 7), (3, 20), (6, 100)]:
        found = expressions(500, max_depth=max_depth, max_length=max_length, seed=1)
        assert len({e.text for e in found}) == len(found) == 500
        assert max(len(e.tokens) for e in found) <= max_length
        assert max(depth(e.text) for e in found) == max_depth


def test_all_of_the_smallest_ones_can_be_had_and_no_more(monkeypatch):
    monkeypatch.setattr("raysearch.data.listops.grammar._REFUSED_IN_A_ROW", 20_000)
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

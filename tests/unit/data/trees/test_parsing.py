from __future__ import annotations

import pytest

from raysearch.data.trees.parsing import parse


def nested(tree):
    """Return a parsed tree as (symbol, child, ...)."""
    children = [[] for _ in tree.symbols]
    for node, parent in enumerate(tree.parents[:-1]):
        assert parent > node
        children[parent].append(node)
    assert tree.parents[-1] == -1

    def of(node):
        inner = tuple(of(child) for child in children[node])
        return (tree.symbols[node], *inner) if inner else tree.symbols[node]

    return of(len(tree.symbols) - 1)


@pytest.mark.parametrize(
    ("text", "head", "tree", "label"),
    [
        ("(3 (2 It) (4 (4 's) (2 good)))", "label", ("", "It", ("", "'s", "good")), "3"),
        ("(2 word)", "label", "word", "2"),
        ("(+ 1 (* 2 3))", "symbol", ("+", "1", ("*", "2", "3")), None),
        ("[MAX 2 9 [MIN 4 7 ] 0 ]", "symbol", ("MAX", "2", "9", ("MIN", "4", "7"), "0"), None),
        ("((a b) c)", "symbol", ("", ("a", "b"), "c"), None),
        ("((a b) c)", "none", ("", ("", "a", "b"), "c"), None),
        ("( ( ( [MAX 2 ) 9 ) ] )", "none", ("", ("", ("", "[MAX", "2"), "9"), "]"), None),
        ("(S (D the) (V sat))", "symbol", ("S", ("D", "the"), ("V", "sat")), None),
        ("(f x[0] x)", "symbol", ("f", "x[0]", "x"), None),
        ("word", "symbol", "word", None),
    ],
)  # fmt: skip
def test_expressions(text, head, tree, label):
    found = parse(text, head=head)
    assert nested(found) == tree
    assert found.label == label


@pytest.mark.parametrize(
    ("text", "head", "fault"),
    [
        ("", "symbol", "is empty"),
        ("(a (b c)", "symbol", "has 1 bracket that is not closed"),
        ("(a b))", "symbol", r"goes on behind its end, with '\)'"),
        ("(a) (b)", "symbol", r"goes on behind its end, with '\('"),
        ("(a ())", "symbol", "has brackets with nothing in them"),
        ("(3)", "label", "has brackets with nothing in them"),
        ("(3 ((2 a) (1 b)))", "label", "has brackets that do not begin with a label"),
        ("a b", "symbol", "does not begin with a bracket, but with 'a b'"),
        ("a)", "none", "does not begin with a bracket"),
    ],
)
def test_what_is_no_expression_says_why(text, head, fault):
    with pytest.raises(ValueError, match=fault):
        parse(text, head=head)


def test_depth_has_no_limit():
    found = parse("(f " * 5000 + "x" + ")" * 5000, head="symbol")
    assert found.parents[:3] == (1, 2, 3)
    assert len(found.symbols) == 5001

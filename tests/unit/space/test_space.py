"""Space: access, derivation from other spaces, storage."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int, Prior, Space

CNN = Space(
    {
        "width": Int(8, 64, step=8),
        "optimizer": Choice(["sgd", "adam", "adamw"]),
        "momentum": Float(0, 0.99, when={"optimizer": "sgd"}),
        "decay": Float(1e-6, 1e-2, log=True, when={"optimizer": ["sgd", "adamw"]}),
    }
)
MLP = Space({"width": Int(32, 512, log=True), "residual": Bool()})
BOTH = Space({"model": Choice({"cnn": CNN, "mlp": MLP}), "data.batch_size": Choice([32, 64])})


def test_access():
    assert BOTH.keys == (
        "model", "width", "optimizer", "momentum", "decay", "residual", "data.batch_size",
    )  # fmt: skip
    assert len(BOTH) == 8
    assert [p.label for p in BOTH["width"]] == ["width[model=cnn]", "width[model=mlp]"]
    assert list(BOTH) == list(BOTH.parameters)
    assert "width" in BOTH
    assert "widht" not in BOTH
    with pytest.raises(
        KeyError, match=r"widht is not a parameter of this space. Did you mean width"
    ):
        BOTH["widht"]
    assert "momentum: 0.0 to 0.99, when model = cnn, optimizer = sgd" in repr(BOTH)
    assert all(isinstance(p.domain, Domain) and p.domain.when is None for p in BOTH)


def test_the_empty_space_has_one_configuration():
    space = Space({})
    assert space.sample(np.random.default_rng(0)) == space.default() == {} == space.decode([])
    assert (list(space.grid()), space.grid_size()) == ([{}], 1)


def test_spaces_are_values():
    assert Space({"a": 1}) == Space({"a": Fixed(1)})
    assert Space({"a": 1}) != Space({"a": True})
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH


def test_a_prefix_goes_to_conditions_as_well():
    prefixed = CNN.prefixed("cnn.")
    assert prefixed.keys == ("cnn.width", "cnn.optimizer", "cnn.momentum", "cnn.decay")
    assert prefixed["cnn.momentum"][0].when == (("cnn.optimizer", ("sgd",)),)


def test_merging():
    merged = CNN.prefixed("cnn.").merged(Space({"data.batch_size": 32}))
    assert merged.keys == (
        "cnn.width",
        "cnn.optimizer",
        "cnn.momentum",
        "cnn.decay",
        "data.batch_size",
    )
    with pytest.raises(ConfigurationError, match="width occurs twice at once"):
        CNN.merged(MLP)


class TestReplaced:
    def test_wherever_the_key_occurs_and_in_its_branch(self):
        space = BOTH.replaced({"width": Choice([16, 32]), "data.batch_size": 128})
        assert [p.domain.describe() for p in space["width"]] == ["16, 32", "16, 32"]
        assert [p.when for p in space["width"]] == [p.when for p in BOTH["width"]]
        assert space.default()["data.batch_size"] == 128
        assert BOTH.default()["data.batch_size"] == 32

    def test_own_conditions_are_kept_unless_new_ones_are_given(self):
        kept = CNN.replaced({"momentum": Float(0.5, 0.9)})
        assert kept["momentum"][0].when == (("optimizer", ("sgd",)),)
        new = CNN.replaced({"momentum": Float(0.5, 0.9, when={"optimizer": ["sgd", "adam"]})})
        assert new["momentum"][0].when == (("optimizer", ("sgd", "adam")),)
        always = CNN.replaced({"momentum": Float(0.5, 0.9, when={})})
        assert always["momentum"][0].when == ()

    def test_the_branch_stays_also_with_new_conditions(self):
        new = BOTH.replaced({"momentum": Float(0, 1, when={"width": [8]})})
        assert new["momentum"][0].when == (("model", ("cnn",)), ("width", (8,)))

    def test_what_can_no_longer_be_active_is_left_out(self):
        space = CNN.replaced({"optimizer": Choice(["adam", "adamw"])})
        assert space.keys == ("width", "optimizer", "decay")
        assert space["decay"][0].when == (("optimizer", ("adamw",)),)
        assert BOTH.replaced({"model": "mlp"}).keys == (
            "model", "width", "residual", "data.batch_size",
        )  # fmt: skip
        assert BOTH.replaced({"model": "mlp"})["width"][0].label == "width"

    def test_also_if_it_is_replaced_itself(self):
        assert "momentum" not in CNN.replaced({"optimizer": "adam", "momentum": Float(0.5, 0.9)})

    def test_by_other_sub_spaces(self):
        small = Space({"width": Int(1, 4), "deep": Bool()})
        space = BOTH.replaced({"model": Choice({"mlp": small, "new": Space({"width": 5})})})
        assert space.keys == ("model", "width", "deep", "data.batch_size")
        assert space.grid_size() == (4 * 2 + 1) * 2

    def test_two_occurrences_that_become_the_same_are_one(self):
        stored = [
            {"key": "a", "domain": {"int": [1, 2]}},
            {"key": "n", "domain": 1, "when": {"a": [1]}},
            {"key": "n", "domain": 2, "when": {"a": [2]}},
        ]
        space = Space.from_json({"schema_version": 1, "parameters": stored})
        assert len(space.replaced({"n": Int(1, 8, when={})})) == 2

    @pytest.mark.parametrize(
        ("domains", "message"),
        [
            ({"widht": 3}, "widht is not a parameter of this space. Did you mean width?"),
            ({"width": [8, 16]}, r"width: \[8, 16\] is a list, and a domain or a plain value"),
            ({"width": Int(1, 8, when={"depth": 1})}, "width, when: depth is not a parameter"),
            ({"width": Int(1, 8, when={"optimizer": "x"})}, "width, when optimizer: x is not one"),
        ],
    )
    def test_faults(self, domains, message):
        with pytest.raises(ConfigurationError, match=message):
            CNN.replaced(domains)


class TestJson:
    def test_is_plain_and_readable(self):
        space = Space(
            {
                "optimizer": Choice(["sgd", "adam"], default="adam"),
                "lr": Float(1e-4, 0.1, log=True, prior=Prior(0.01, 0.5)),
                "momentum": Float(0, 0.99, default=0.9, when={"optimizer": "sgd"}),
            }
        )
        stored = space.to_json()
        assert stored == {
            "schema_version": 1,
            "parameters": [
                {
                    "key": "optimizer",
                    "domain": {"choice": ["sgd", "adam"], "default": "adam"},
                },
                {
                    "key": "lr",
                    "domain": {
                        "float": [1e-4, 0.1],
                        "sampling": "log",
                        "prior": {"centre": 0.01, "confidence": 0.5},
                    },
                },
                {
                    "key": "momentum",
                    "domain": {"float": [0.0, 0.99], "default": 0.9},
                    "when": {"optimizer": ["sgd"]},
                },
            ],
        }
        assert Space.from_json(json.loads(json.dumps(stored))) == space

    def test_keeps_branches_apart_from_own_conditions(self):
        again = Space.from_json(json.loads(json.dumps(BOTH.to_json())))
        assert again == BOTH
        changed = {"momentum": Float(0, 1, when={})}
        assert again.replaced(changed) == BOTH.replaced(changed)

    @pytest.mark.parametrize(
        ("stored", "message"),
        [
            ({"schema_version": 2, "parameters": []}, "schema_version 2, and 1 can be read"),
            ({}, "schema_version null, and 1 can be read"),
            ({"schema_version": 1}, "The space holds null, and not a key and its domain"),
            ({"schema_version": 1, "parameters": [{"key": "a"}]}, "holds {'key': 'a'}, and not"),
            (
                {"schema_version": 1, "parameters": [{"key": "a", "domain": {"int": [8, 1]}}]},
                "a: low 8 lies above high 1",
            ),
            (
                {"schema_version": 1, "parameters": [{"key": "a", "domain": 1, "when": {"b": 1}}]},
                "a, when: b is not a parameter of this space",
            ),
        ],
    )
    def test_faults(self, stored, message):
        with pytest.raises(ConfigurationError, match=message):
            Space.from_json(stored)

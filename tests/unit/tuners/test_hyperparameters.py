"""Hyperparameters in Keras Tuner's words: values, conditions, names, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int
from raysearch.space.define_by_run import record_space
from raysearch.tuners import HyperParameter, HyperParameters, Parent


def asked(build):
    """Return the space of a function in Keras Tuner's words."""
    return record_space(lambda hp: build(HyperParameters.answered(hp.ask)))


def test_defaults_are_keras_tuners():
    hp = HyperParameters()
    assert hp.Int("units", 32, 512, step=32) == 32
    assert hp.Float("rate", 1e-4, 1e-1, sampling="log") == 1e-4
    assert hp.Choice("activation", ["relu", "gelu"]) == "relu"
    assert hp.Boolean("bias") is False
    assert hp.Fixed("epsilon", 1e-7) == 1e-7
    assert hp.Int("width", 1, 9, default=4) == 4
    assert list(hp.values) == ["units", "rate", "activation", "bias", "epsilon", "width"]


def test_log_is_short_for_the_sampling_as_elsewhere_in_raysearch():
    hp = HyperParameters()
    assert hp.Float("rate", 1e-4, 1e-1, log=True) == 1e-4
    assert hp.Int("width", 2, 32, step=2, log=True) == 2
    assert [entry.domain for entry in hp.space] == [
        Float(1e-4, 1e-1, sampling="log", default=1e-4),
        Int(2, 32, step=2, sampling="log", default=2),
    ]


def test_the_space_holds_each_kind_with_its_arguments():
    def build(hp):
        hp.Int("batch", 2, 32, step=2, sampling="Log")
        hp.Float("rate", 0.5, 0.999, sampling="reverse_log", default=0.9)
        hp.Float("dropout", 0.0, 0.5, step=0.05)
        hp.Choice("size", [16, 32])
        hp.Choice("loose", [16, 32], ordered=False, default=32)
        hp.Choice("flag", [True, False])
        hp.Boolean("bias", default=True)
        hp.Fixed("epsilon", 1e-7)

    domains = {p.key: p.domain for p in asked(build)}
    assert domains == {
        "batch": Int(2, 32, step=2, log=True, default=2),
        "rate": Float(0.5, 0.999, sampling="reverse_log", default=0.9),
        "dropout": Float(0.0, 0.5, step=0.05, default=0.0),
        "size": Choice([16, 32], ordered=True),
        "loose": Choice([16, 32], default=32),
        "flag": Choice([True, False]),
        "bias": Bool(default=True),
        "epsilon": Fixed(1e-7),
    }
    assert list(domains["batch"].grid()) == [2, 4, 8, 16, 32]
    assert [type(value) for value in domains["flag"].grid()] == [bool, bool]


def test_what_a_loop_asks_for_is_found_with_its_conditions():
    def build(hp):
        for i in range(hp.Int("num_layers", 1, 3)):
            hp.Int(f"units_{i}", 32, 512, step=32)

    space = asked(build)
    assert {p.key: p.when for p in space} == {
        "num_layers": (),
        "units_0": (),
        "units_1": (("num_layers", (2, 3)),),
        "units_2": (("num_layers", (3,)),),
    }
    assert space.default() == {"num_layers": 1, "units_0": 32}


def test_a_scope_that_is_not_active_gives_none_and_is_searched_all_the_same():
    seen = []

    def build(hp):
        hp.Choice("optimizer", ["adam", "sgd"])
        with hp.conditional_scope("optimizer", ["sgd"]):
            seen.append(hp.Float("momentum", 0.0, 0.99))
        hp.Boolean("nesterov", parent_name="optimizer", parent_values="sgd")

    space = asked(build)
    sgd = (("optimizer", ("sgd",)),)
    assert {p.key: p.when for p in space} == {"optimizer": (), "momentum": sgd, "nesterov": sgd}
    assert None in seen
    assert 0.0 in seen


def test_scopes_tell_whether_they_were_active():
    hp = HyperParameters()
    hp.Boolean("deep")
    with hp.conditional_scope("deep", True):
        hp.Int("depth", 2, 9)
    with hp.conditional_scope("deep", False):
        hp.Int("width", 2, 9)
    assert hp.inactive_scopes == [(Parent("deep", (True,)),)]
    assert hp.active_scopes == [(Parent("deep", (False,)),)]
    assert "width" in hp
    assert "depth" not in hp
    assert hp.is_active("width")
    assert not hp.is_active("depth")
    with pytest.raises(ConfigurationError, match="depth is currently inactive: it needs deep = Tr"):
        hp.get("depth")
    with pytest.raises(KeyError, match="heigth does not exist"):
        hp["heigth"]


def test_one_name_may_stand_for_two_ranges_under_different_conditions():
    def build(hp):
        kind = hp.Choice("kind", ["cnn", "mlp"])
        with hp.conditional_scope("kind", "cnn"):
            hp.Int("width", 8, 64, step=8)
        with hp.conditional_scope("kind", "mlp"):
            hp.Int("width", 64, 512, step=64)
        assert kind

    assert [p.label for p in asked(build)] == ["kind", "width[kind=cnn]", "width[kind=mlp]"]


def test_a_name_in_a_scope_of_names():
    hp = HyperParameters()
    with hp.name_scope("encoder"):
        hp.Int("layers", 1, 3)
        with hp.conditional_scope("layers", [1]):
            hp.Int("width", 4, 8)
    hp.Boolean("deep", default=True)
    with hp.name_scope("decoder"), hp.conditional_scope("deep", True):
        hp.Int("layers", 2, 3)
    assert hp.values == {
        "encoder/layers": 1,
        "encoder/width": 4,
        "deep": True,
        "decoder/layers": 2,
    }


def test_a_name_reused_with_another_range_says_both():
    def build(hp):
        hp.Int("units", 32, 512, step=32)
        hp.Int("units", 32, 256, step=32)

    with pytest.raises(ConfigurationError, match=r"units is asked for twice.*512.*256"):
        asked(build)
    with pytest.raises(ConfigurationError, match=r"units is asked for twice.*512.*256"):
        build(HyperParameters())


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda hp: hp.Int("n", 1, 9, sampling="lgo"), "n: sampling is lgo. Did you mean log?"),
        (lambda hp: hp.Int("n", 0, 9, sampling="log"), "n: "),
        (lambda hp: hp.Int("n", 1, 9, step=1.5), "n: step"),
        (lambda hp: hp.Int(3, 1, 9), "3 is an int, and a name is needed first"),
        (lambda hp: hp.Choice("c", "abc"), "c: values is abc, text. Give a list"),
        (lambda hp: hp.Choice("c", ["a", "b"], ordered=True), "c: ordered is true, and a is no nu"),
        (lambda hp: hp.Choice("c", []), "c: The choice is empty"),
        (lambda hp: hp.Int("n", 1, 9, parent_name="m", parent_values=1), "A condition on m: m is"),
        (
            lambda hp: (hp.Boolean("b"), hp.Int("b", 1, 2, parent_name="b", parent_values=True)),
            "b is asked for under a condition on b itself",
        ),
    ],
)
def test_what_is_no_hyperparameter_is_refused_by_its_name(ask, message):
    with pytest.raises(ConfigurationError) as caught:
        ask(HyperParameters())
    assert str(caught.value).startswith(message)


def test_a_condition_must_be_possible():
    hp = HyperParameters()
    hp.Choice("optimizer", ["adam", "sgd"])
    hp.Int("many", 1, 1000)
    with (
        pytest.raises(ConfigurationError, match=r"condition on optimizer: sdg is not one of.*sgd?"),
        hp.conditional_scope("optimizer", ["sdg"]),
    ):
        pass
    with (
        pytest.raises(ConfigurationError, match=r"condition on many.*at most 64 values"),
        hp.conditional_scope("many", [3]),
    ):
        pass


def test_values_may_be_set_before_a_model_is_built():
    hp = HyperParameters()
    hp.values["units"] = 64
    assert hp.Int("units", 32, 512, step=32) == 64


def test_config_copy_and_merge():
    hp = HyperParameters()
    hp.Int("units", 32, 512, step=32)
    hp.Choice("optimizer", ["adam", "sgd"])
    hp.Float("momentum", 0.0, 0.9, parent_name="optimizer", parent_values=["sgd"])
    again = HyperParameters.from_config(hp.get_config())
    assert again.space == hp.space
    assert again.values == hp.values
    assert hp.get_config()["space"][0] == {
        "class_name": "Int",
        "config": {
            "name": "units",
            "conditions": [],
            "default": 32,
            "min_value": 32,
            "max_value": 512,
            "step": 32,
            "sampling": "linear",
        },
    }
    copied = hp.copy()
    copied.values["units"] = 64
    assert hp["units"] == 32

    other = HyperParameters()
    other.Int("units", 1, 4)
    other.Boolean("bias")
    copied.merge(other, overwrite=False)
    assert (copied["units"], copied["bias"]) == (64, False)
    copied.merge(other)
    assert copied["units"] == 1


def test_the_hyperparameters_of_a_trial():
    def build(hp):
        for i in range(hp.Int("num_layers", 1, 2)):
            hp.Int(f"units_{i}", 32, 64, step=32)

    space = asked(build)
    best = HyperParameters.of(space, {"num_layers": 1, "units_0": 64})
    assert best.get("units_0") == 64
    assert "units_1" not in best
    build(best)
    assert best.values == {"num_layers": 1, "units_0": 64}
    assert len(best.space) == 3


def test_one_hyperparameter():
    units = HyperParameter("units", Int(2, 8, step=2, default=2))
    assert units.values == (2, 4, 6, 8)
    assert units.prob_to_value(0.99) == 8
    assert units.prob_to_value(units.value_to_prob(4)) == 4
    assert units.random_sample(seed=0) == units.random_sample(seed=0)
    assert len(HyperParameter("rate", Float(0.0, 1.0)).values) == 10
    assert HyperParameter.from_config("Int", units.get_config()) == units


def test_that_nothing_heavy_is_loaded():
    code = (
        "import sys; from raysearch.tuners import HyperParameters, Objective, HyperModel; "
        "print(*{'torch', 'ray', 'lightning', 'pytorch_lightning'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

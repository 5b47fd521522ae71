"""What `build` asks for and returns, and what is said when that is no good."""

from __future__ import annotations

import cloudpickle
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.space import Fixed, Int
from raysearch.space.define_by_run import Replay
from raysearch.tuners import HyperModel, HyperParameters, RandomSearch

PLAIN = {"objective": "val_loss", "loss": "cross_entropy"}


def build(hp):
    layers, width = [], 4
    for i in range(hp.Int("num_layers", 1, 2)):
        layers += [nn.Linear(width, hp.Int(f"units_{i}", 8, 16, step=8)), nn.ReLU()]
        width = hp.get(f"units_{i}")
    return nn.Sequential(*layers, nn.Linear(width, 2))


class Lit(pl.LightningModule):
    def __init__(self, hidden=4):
        super().__init__()
        self.net = nn.Linear(4, hidden)


def test_a_plain_network_becomes_a_lightning_module():
    tuner = RandomSearch(build, **PLAIN)
    hp = HyperParameters()
    hp.values |= {"num_layers": 2, "units_0": 16, "units_1": 8}
    model = tuner.hypermodel.build(hp)
    assert isinstance(model, pl.LightningModule)
    assert model(torch.zeros(3, 4)).shape == (3, 2)
    assert [layer.out_features for layer in model.network if isinstance(layer, nn.Linear)] == [
        16,
        8,
        2,
    ]


def test_a_lightning_module_is_returned_as_it_is():
    tuner = RandomSearch(lambda hp: Lit(hp.Int("hidden", 2, 8)), objective="val_loss")
    assert type(tuner.hypermodel.build(HyperParameters())) is Lit
    assert tuner.space.default() == {"hidden": 2}


def test_a_worker_gets_the_builder_by_value_and_builds_a_configuration():
    builder = cloudpickle.loads(cloudpickle.dumps(RandomSearch(build, **PLAIN).hypermodel.builder))
    model = builder(Replay({"num_layers": 1, "units_0": 16}))
    assert model.network[0].out_features == 16
    assert builder.space is None


def test_a_hypermodel_as_a_class():
    class Net(HyperModel):
        def declare_hyperparameters(self, hp):
            hp.Int("first", 1, 3)

        def build(self, hp):
            return Lit(hp.Int("hidden", 2, 8))

    assert RandomSearch(Net(), objective="val_loss").space.keys == ("first", "hidden")
    assert len(RandomSearch(Net(tunable=False), objective="val_loss").space) == 0


def test_of_a_hypermodel_that_is_not_tunable_what_the_tuner_was_given_is_searched():
    class Net(HyperModel):
        def build(self, hp):
            assert hp.Choice("optimizer", ["adam", "sgd"]) == "adam"
            return Lit(hp.Int("hidden", 2, 8))

    hp = HyperParameters()
    hp.Int("hidden", 4, 6)
    tuner = RandomSearch(Net(tunable=False), objective="val_loss", hyperparameters=hp)
    assert tuner.space.keys == ("hidden",)
    built = HyperParameters.of(tuner.space, {"hidden": 6})
    model = tuner.hypermodel.build(built)
    assert (model.net.out_features, built.values) == (6, {"hidden": 6})


def test_building_needs_no_memory_for_weights():
    def large(hp):
        return nn.Linear(10**6, hp.Int("units", 10**5, 10**6, step=10**5))  # 4 TB

    assert RandomSearch(large, **PLAIN).space.keys == ("units",)


def test_a_build_that_computes_with_its_weights_is_built_for_real():
    def computing(hp):
        net = nn.Linear(4, hp.Int("units", 2, 3))
        assert float(net.weight.abs().sum()) > 0  # no number without weights
        return net

    assert RandomSearch(computing, **PLAIN).space.keys == ("units",)


def test_a_search_for_parameters_does_not_change_what_is_drawn():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    RandomSearch(build, **PLAIN)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("made", "given", "message"),
    [
        (lambda hp: None, PLAIN, "it returned nothing, which is no LightningModule"),
        (lambda hp: "net", PLAIN, "it returned a str"),
        (
            lambda hp: nn.Linear(2, 2),
            {"objective": "val_loss"},
            "a Linear.*Give the tuner its loss",
        ),
        (lambda hp: 1 / 0, PLAIN, r"\(hp\).*raised ZeroDivisionError"),
        (lambda hp: hp.Int("n", 1, 2) and hp.Int("n", 1, 3), PLAIN, "n is asked for twice"),
        ("net", PLAIN, "hypermodel is 'net'. Give a function build"),
        (None, PLAIN, "hypermodel is nothing"),
    ],
)
def test_what_build_must_not_do(made, given, message):
    with pytest.raises(ConfigurationError, match=message):
        RandomSearch(made, **given)


def test_the_line_that_is_wrong_is_named():
    def reused(hp):
        hp.Int("units", 32, 512)
        hp.Int("units", 32, 256)

    with pytest.raises(ConfigurationError, match=r"reused\(hp\) \(.*test_builder.py, line \d+\)"):
        RandomSearch(reused, **PLAIN)


def test_a_fit_of_its_own_is_refused():
    class Net(HyperModel):
        def build(self, hp):
            return Lit()

        def fit(self, hp, model):
            raise AssertionError

    with pytest.raises(ConfigurationError, match=r"Net.fit would not be called"):
        RandomSearch(Net(), objective="val_loss")


# ---- hyperparameters given beforehand


def given():
    hp = HyperParameters()
    hp.Int("units_0", 32, 64, step=32)
    return hp


def test_given_hyperparameters_take_precedence():
    space = RandomSearch(build, hyperparameters=given(), **PLAIN).space
    assert space["units_0"][0].domain == Int(32, 64, step=32, default=32)
    assert space["num_layers"][0].domain == Int(1, 2, default=1)


def test_new_ones_may_stay_at_their_defaults():
    tuner = RandomSearch(build, hyperparameters=given(), tune_new_entries=False, **PLAIN)
    assert {p.key: p.domain for p in tuner.space} == {
        "num_layers": Fixed(1),
        "units_0": Int(32, 64, step=32, default=32),
    }


def test_a_condition_on_one_that_is_narrowed_or_fixed_does_not_hold():
    def conditional(hp):
        hp.Choice("optimizer", ["adam", "sgd"])
        with hp.conditional_scope("optimizer", ["sgd"]):
            hp.Float("momentum", 0.0, 0.9)
        return nn.Linear(2, hp.Int("units", 2, 4))

    hp = HyperParameters()
    hp.Int("units", 2, 3)
    tuner = RandomSearch(conditional, hyperparameters=hp, tune_new_entries=False, **PLAIN)
    assert tuner.space.keys == ("optimizer", "units")
    narrow = HyperParameters()
    narrow.Choice("optimizer", ["adam"])
    assert RandomSearch(conditional, hyperparameters=narrow, **PLAIN).space.keys == (
        "optimizer",
        "units",
    )


def test_new_ones_may_be_refused():
    with pytest.raises(
        ConfigurationError, match=r"num_layers is not among.*units_0.*allow_new_ent"
    ):
        RandomSearch(build, hyperparameters=given(), allow_new_entries=False, **PLAIN)


def test_given_ones_that_nobody_asks_for_are_refused():
    hp = given()
    hp.Int("unis", 1, 3)
    with pytest.raises(
        ConfigurationError, match=r"hyperparameters has unis, which build\(hp\) nev"
    ):
        RandomSearch(build, hyperparameters=hp, **PLAIN)
    with pytest.raises(ConfigurationError, match="tune_new_entries and allow_new_entries speak of"):
        RandomSearch(build, tune_new_entries=False, **PLAIN)

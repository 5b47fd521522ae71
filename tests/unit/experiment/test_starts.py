"""What may an experiment say about the checkpoint that a model begins from?"""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.init_from import InitFrom
from raysearch.space import Choice

COMMON = {
    "data": "digits",
    "objective": "val/accuracy",
    "searcher": "random",
    "fidelity": {"max_epochs": 4},
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.ckpt").write_bytes(b"weights")
    return str(tmp_path / "old.ckpt")


def experiment(model="mlp", **sections):
    return from_settings({**COMMON, "model": model, **sections})


def start_of(found, **changed):
    return found.bind({**found.space.default(), **changed}).init_from


def test_without_it_nothing_begins_from_a_checkpoint():
    found = experiment()
    assert start_of(found) is None
    assert not found.begins_from_checkpoints
    assert "init_from" not in found.settings["model"][0]


def test_a_path_alone_is_made_absolute(path):
    found = experiment({"name": "mlp", "init_from": "old.ckpt"})
    assert start_of(found) == InitFrom(checkpoint=path)
    assert found.begins_from_checkpoints
    assert from_settings(found.settings) == found
    assert "init_from" not in found.bind(found.space.default()).model_arguments


def test_all_of_it_may_be_fixed(path):
    given = {"checkpoint": path, "part": ["hidden", "input"], "frozen_epochs": 2, "rate": 0.1}
    found = experiment({"name": "mlp", "init_from": given})
    expected = InitFrom(checkpoint=path, part="hidden, input", frozen_epochs=2, rate=0.1)
    assert start_of(found) == expected
    assert from_settings(found.settings) == found


def test_fine_tuning_competes_with_new_weights(path):
    ranges = {
        "init_from": {"choice": [None, "old.ckpt"]},
        "init_from.part": {"choice": ["all", "body"]},
        "init_from.frozen_epochs": {"int": [0, 3]},
        "init_from.rate": {"float": [0.01, 1.0], "log": True},
    }
    found = experiment(space=ranges)
    default = found.space.default()
    assert default["init_from"] is None
    assert "init_from.rate" not in default
    tuned = found.space.complete({"init_from": path, "init_from.rate": 0.5})
    assert found.bind(tuned).init_from == InitFrom(
        checkpoint=path, part="all", frozen_epochs=tuned["init_from.frozen_epochs"], rate=0.5
    )
    assert start_of(found) is None
    assert from_settings(found.settings) == found
    assert found.settings["space"]["init_from"]["choice"] == [None, path]


def test_each_family_has_its_own(path):
    found = experiment(
        ["cnn", {"name": "mlp", "init_from": "old.ckpt"}],
        space={"mlp.init_from.rate": 0.1},
        points=[{"model": "mlp"}],
    )
    assert found.bind(found.points[0]).init_from == InitFrom(checkpoint=path, rate=0.1)
    assert start_of(found) is None  # cnn comes first
    both = experiment(["cnn", "mlp"], space={"init_from": {"choice": [None, "old.ckpt"]}})
    for family in ("cnn", "mlp"):
        assert isinstance(both.space[f"{family}.init_from"][0].domain, Choice)


def test_a_point_may_name_a_path(path):
    ranges = {"init_from": {"choice": [None, "old.ckpt"]}}
    found = experiment(space=ranges, points=[{"init_from": "old.ckpt"}])
    assert found.bind(found.points[0]).init_from == InitFrom(checkpoint=path)
    assert from_settings(found.settings) == found


def test_a_class_of_ones_own_has_it_too(path):
    own = {"class": "tests.nets:Net", "init_from": {"checkpoint": path, "frozen_epochs": 1}}
    found = experiment(
        own,
        data={"class": "tests.nets:Data"},
        space={"width": {"int": [4, 8]}},
        objective={"metric": "val/loss", "direction": "minimize"},
    )
    assert start_of(found) == InitFrom(checkpoint=path, frozen_epochs=1)
    assert from_settings(found.settings) == found


class Taking:
    """A class of the user's own whose constructor has such an argument."""

    def __init__(self, init_from="a", width=3):
        pass


def test_an_argument_of_that_name_stays_the_users():
    found = experiment(
        {"class": f"{__name__}:Taking"},
        data={"class": "tests.nets:Data"},
        space={"init_from": {"choice": ["a", "b"]}},
        objective={"metric": "val/loss", "direction": "minimize"},
    )
    bound = found.bind({"init_from": "b"})
    assert bound.model_arguments == {"init_from": "b"}
    assert bound.init_from is None


MLP = {"name": "mlp", "init_from": "old.ckpt"}
UNKNOWN = {"name": "mlp", "init_from": {"checkpoint": "old.ckpt", "frozen": 1}}


@pytest.mark.parametrize(
    ("model", "space", "told"),
    [
        (MLP, {"init_from": "old.ckpt"}, "init_from is fixed already by model.init_from.checkp"),
        ("mlp", {"init_from.rate": 0.1}, "space.init_from.rate: mlp begins from no checkpoint"),
        ("mlp", {"init_from": {"int": [1, 3]}}, r"it is 1 to 3. Write .*\[null, PATH\]"),
        (MLP, {"init_from.rate": {"float": [0.0, 1.0]}}, "For mlp: 0.0 lies outside"),
        (MLP, {"init_from.frozen_epochs": -1}, "init_from.frozen_epochs is -1"),
        (UNKNOWN, {}, "init_from.frozen is not a key of .*frozen_epochs"),
        ({"name": "mlp", "init_from": {"rate": 0.1}}, {}, "init_from.checkpoint is missing"),
        ({"name": "mlp", "init_from": 3}, {}, "Write a checkpoint, or a mapping"),
        ({"function": "math:floor", "init_from": "old.ckpt"}, {}, "loads weights itself"),
    ],
)
def test_what_is_wrong_is_told_at_once(path, model, space, told):
    with pytest.raises(ConfigurationError, match=told):
        experiment(model, space=space)


def test_a_file_is_not_looked_for_before_it_is_needed():
    assert experiment({"name": "mlp", "init_from": "gone.ckpt"}).begins_from_checkpoints


def test_a_rate_is_refused_for_a_class_of_ones_own(path):
    own = {"class": "tests.nets:Net", "init_from": {"checkpoint": path, "rate": 0.1}}
    with pytest.raises(ConfigurationError, match=r"init_from.rate: .*of its own configure_optim"):
        experiment(own, data={"class": "tests.nets:Data"}, space={"width": {"int": [4, 8]}})

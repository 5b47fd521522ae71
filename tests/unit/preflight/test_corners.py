"""Which configurations are tried, in which order, and that all of them are of the space."""

from __future__ import annotations

import pytest

from raysearch.experiment import from_settings
from raysearch.preflight.corners import MOST, corners, corners_of
from raysearch.space import Bool, Choice, Float, Int, Space

SPACE = Space(
    {
        "depth": Int(1, 6),
        "learning_rate": Float(1e-4, 1e-1, log=True),
        "kernel": Choice([3, 5, 7]),
        "optimizer": Choice(["adam", "sgd"]),
        "momentum": Float(0.0, 0.9, when={"optimizer": ["sgd"]}),
        "nesterov": Bool(when={"optimizer": ["sgd"], "momentum": [0.45]}),
        "is_wide": Bool(),
    }
)


def named(space=SPACE, **settings):
    return {corner.label: dict(corner.configuration) for corner in corners(space, **settings)}


def test_the_default_comes_first_and_numbers_stand_at_their_ends():
    found = named()
    assert list(found)[:3] == ["default", "highest", "lowest"]
    assert found["default"] == SPACE.default()
    assert found["highest"] == {
        "depth": 6,
        "learning_rate": 0.1,
        "kernel": 7,
        "optimizer": "adam",
        "is_wide": False,
    }
    lowest = found["lowest"]
    assert (lowest["depth"], lowest["learning_rate"], lowest["kernel"]) == (1, 1e-4, 3)


def test_every_value_of_a_choice_or_bool_appears_somewhere():
    found = named()
    assert found["optimizer = sgd"]["momentum"] == 0.45
    assert found["nesterov = true"]["optimizer"] == "sgd"
    assert {c["is_wide"] for c in found.values()} == {False, True}
    assert {c["kernel"] for c in found.values()} == {3, 5, 7}
    assert {c.get("nesterov") for c in found.values()} == {None, False, True}


def test_values_under_few_conditions_come_first():
    space = Space(
        {
            "kind": Choice({"deep": Space({"inner": Choice(["a", "b"])})}),
            "optimizer": Choice(["adam", "sgd"]),
        }
    )
    assert list(named(space)) == ["default", "optimizer = sgd", "inner = b"]


def test_all_lie_in_the_space_and_none_appears_twice():
    found = list(named().values())
    assert all(SPACE.contains(configuration) for configuration in found)
    assert all(one not in found[:i] for i, one in enumerate(found))


def test_there_are_so_many_at_most():
    wide = Space({"activation": Choice([f"value{i}" for i in range(100)])})
    assert len(corners(wide)) == MOST
    assert list(named(most=2)) == ["default", "highest"]


def test_a_space_without_parameters_has_its_default():
    assert named(Space({})) == {"default": {}}


def test_several_families_take_turns_beginning_with_the_default():
    families = {"mlp": Space({"mlp.width": Int(1, 9)}), "cnn": Space({"cnn.width": Int(2, 8)})}
    space = Space({"model": Choice(families, default="cnn"), "rate": Float(0.0, 1.0)})
    found = named(space, families=["mlp", "cnn"])
    assert list(found) == [
        "cnn, default",
        "mlp, default",
        "cnn, highest",
        "mlp, highest",
        "cnn, lowest",
        "mlp, lowest",
    ]
    assert found["mlp, highest"] == {"model": "mlp", "mlp.width": 9, "rate": 1.0}
    assert {corner.family for corner in corners(space, families=["mlp", "cnn"])} == {"mlp", "cnn"}


def test_points_are_tried_after_the_ends():
    point = {**SPACE.default(), "depth": 5}
    assert list(named(points=[point]))[3] == "point 1"


@pytest.mark.parametrize("model", ["mlp", ["cnn", "mlp"]])
def test_those_of_an_experiment_can_be_bound(model):
    experiment = from_settings(
        {
            "data": "digits",
            "model": model,
            "objective": "val/accuracy",
            "fidelity": {"max_epochs": 3},
        }
    )
    found = corners_of(experiment)
    assert found[0].configuration == experiment.space.default()
    assert all(experiment.space.contains(corner.configuration) for corner in found)
    families = {corner.family for corner in found}
    assert families == ({""} if model == "mlp" else {"cnn", "mlp"})
    assert all(experiment.bind(corner.configuration).model_class for corner in found)

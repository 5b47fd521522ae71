from __future__ import annotations

from dataclasses import dataclass

import pytest

from raysearch.errors import ConfigurationError
from raysearch.models.shared.arguments import (
    check_arguments,
    default_loss,
    plain_shape,
    select,
)
from raysearch.space import Choice, Int

DATA = {"input_shape": [4], "n_outputs": 3, "task": "classification"}


def domains(data):
    return {"depth": Int(1, data.n_inputs), "loss": Choice(["a", "b"])}


def faults(**arguments):
    with pytest.raises(ConfigurationError) as error:
        check_arguments({**DATA, **arguments}, owner="Net", legal_domains=domains)
    return error.value.faults


def test_legal_arguments_pass_and_others_are_not_looked_at():
    check_arguments(
        {**DATA, "depth": 4, "loss": "b", "note": object()}, owner="Net", legal_domains=domains
    )


def test_all_faults_are_raised_together_with_name_value_and_what_is_legal():
    depth, loss = faults(depth=5, loss="c")
    assert depth == "Net, depth: 5 lies outside 1 to 4. The nearest legal value is 4."
    assert loss.startswith("Net, loss: ")
    assert "c" in loss
    assert "a, b" in loss


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"task": "ranking"},
            "Net: ranking is not a task. Valid: classification, density, regression, seq2seq.",
        ),
        ({"n_outputs": 1}, "Net: n_outputs is 1. It must be an integer of at least 2."),
        ({"n_outputs": 2.0}, "Net: n_outputs is 2.0. It must be an integer of at least 2."),
        ({"input_shape": [3, 0]}, "Net: input_shape[1] is 0. It must be an integer of at least 1."),
        ({"input_shape": []}, "Net: input_shape is []. It must have a dimension or more."),
    ],
)
def test_data_arguments_are_checked_first(wrong, message):
    assert faults(**wrong, depth=0, loss="c") == (message,)


def test_a_regression_may_have_one_output():
    arguments = {**DATA, "task": "regression", "n_outputs": 1, "depth": 1, "loss": "a"}
    check_arguments(arguments, owner="Net", legal_domains=domains)


def test_select_takes_the_fields_of_a_dataclass():
    @dataclass
    class Settings:
        depth: int
        loss: str

    assert select(Settings, {"depth": 2, "width": 8, "loss": "a"}) == Settings(2, "a")


def test_default_loss_refuses_an_unknown_task():
    assert default_loss("classification") == "cross_entropy"
    message = r"regresion is not a task of this family\. Did you mean regression"
    with pytest.raises(ConfigurationError, match=message):
        default_loss("regresion")


def test_shapes_become_lists():
    assert plain_shape((1, 8, 8)) == [1, 8, 8]
    with pytest.raises(ConfigurationError, match=r"input_shape is 64.*\[64\]"):
        plain_shape(64)

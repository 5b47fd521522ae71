"""Which arguments constructors do not take, or miss."""

from __future__ import annotations

import pytest

from raysearch.preflight.arguments import describe, function_fault, wrong_arguments
from raysearch.preflight.record import WrongArgument
from tests.nets import make_job

HERE = "tests.unit.preflight.test_arguments:"


class Open:
    """Takes anything."""

    def __init__(self, width, **others):
        self.width, self.others = width, others


DATA = Open(3)


def wrong(tmp_path, **settings):
    found = wrong_arguments(make_job(tmp_path, **settings))
    return [(each.part, each.name, each.is_missing) for each in found]


def test_all_are_fine(tmp_path):
    assert wrong(tmp_path, model_arguments={"width": 3}, data_arguments={"batch_size": 3}) == []


def test_a_constructor_that_takes_anything_has_no_unknown_arguments(tmp_path):
    settings = {"model_class": f"{HERE}Open"}
    assert wrong(tmp_path, model_arguments={"width": 1, "else": 2}, **settings) == []
    assert wrong(tmp_path, **settings) == [("model", "width", True)]


def test_functions_and_data_that_exist_are_not_looked_at(tmp_path):
    job = {"model_class": f"{HERE}Open", "data_class": f"{HERE}DATA"}
    assert wrong(tmp_path, kind="builder", **job) == []
    assert wrong(tmp_path, kind="function", model_class="no:where", data_class="") == []


def test_both_ways_of_being_wrong_are_put_in_words():
    unknown = WrongArgument(part="model", name="widht", valid=("depth", "width"), owner="Net")
    assert describe(unknown) == (
        "Net has no argument widht. Did you mean width? Valid: depth, width."
    )
    missing = WrongArgument(part="data", name="path", is_missing=True, owner="Data")
    assert "Data needs the argument path" in describe(missing)
    assert "data.args" in describe(missing)
    none = WrongArgument(part="data", name="path", owner="Data")
    assert describe(none) == "Data has no argument path. It takes none."


@pytest.mark.parametrize(
    "function",
    [
        lambda config, report: None,
        lambda config: None,
        lambda *args: None,
        lambda config, report, extra=1: None,
    ],
)
def test_functions_that_can_be_called_are_fine(function):
    assert function_fault(function, ways=[("config", "report"), ("config",)]) == ""


def test_a_function_that_cannot_be_called_is_shown_as_it_is_and_as_it_should_be():
    def train(config, report, more):
        """Take one argument too many."""

    fault = function_fault(train, ways=[("config", "report"), ("config",)])
    assert fault.startswith("train(config, report, more) cannot be called with (config, report).")
    assert "Write it as train(config, report)." in fault
    assert function_fault(3, ways=[("hp",)]) == "3 is no function."

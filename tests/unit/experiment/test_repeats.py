"""Folds are asked for in one section, and what does not go together with them is refused."""

from __future__ import annotations

import pytest

from raysearch.engine.planned import plan_of
from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.experiment.changes import setting_faults
from raysearch.experiment.repeats import Repeats

BASE = {
    "data": "digits",
    "model": "mlp",
    "objective": "val/accuracy",
    "fidelity": {"max_epochs": 3},
}


def read(overrides=(), **sections):
    return from_settings({**BASE, **sections}, overrides=overrides)


def test_folds_are_asked_for_in_the_file_or_on_the_command_line():
    experiment = read(["repeats.folds=5"])
    assert experiment.repeats == Repeats(folds=5, risk=0.01)
    assert read(repeats={"folds": 5}) == experiment
    assert from_settings(experiment.settings) == experiment
    assert (plan_of(experiment).n_folds, plan_of(experiment).fold_risk) == (5, 0.01)


@pytest.mark.parametrize("none", [{}, {"repeats": False}, {"repeats": None}])
def test_without_the_section_there_is_one_split(none):
    experiment = read(**none)
    assert (experiment.repeats, experiment.n_folds) == (None, 1)
    assert experiment.settings["repeats"] is False


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"repeats": 4}, r"repeats is 4\. It must be a mapping such as \{folds: 4\} or false"),
        ({"repeats": {"folds": 1}}, r"repeats\.folds is 1\. It must be .*2"),
        ({"repeats": {"risk": 0.1}}, r"repeats.*folds"),
        ({"repeats": {"folds": 3, "risk": 0.6}}, r"repeats\.risk is 0\.6"),
        (
            {"repeats": {"folds": 3}, "select": True},
            r"repeats\.folds is 3, and select trains .* Leave one of them out",
        ),
        ({"repeats": {"folds": 3}, "refit": False}, r"refit is false: .* Leave refit out"),
        (
            {"repeats": {"folds": 3}, "scheduler": "pbt"},
            r"with scheduler pbt trials take over weights .* Write scheduler: asha, or none",
        ),
        (
            {
                "repeats": {"folds": 3},
                "searcher": {"name": "evolution", "inherit": "weights"},
            },
            r"with searcher evolution trials take over weights .* let it not inherit",
        ),
        (
            {"repeats": {"folds": 3}, "data": {"name": "scan", "args": {"split": "add_jump"}},
             "model": "seq2seq", "objective": "val/exact_match"},
            r"repeats\.folds is 3, and data\.split is add_jump",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_to_do(wrong, text):
    with pytest.raises(ConfigurationError, match=text):
        read(**wrong)


def test_a_function_is_told_to_make_its_own_folds():
    with pytest.raises(ConfigurationError, match="let the function train on its folds and report"):
        from_settings(
            {
                "model": {"function": "tests.together:trained"},
                "space": {"x": {"float": [0, 1]}},
                "objective": {"metric": "loss", "direction": "minimize"},
                "fidelity": {"max_epochs": 3},
                "repeats": {"folds": 3},
            }
        )


def test_folds_cannot_be_changed_in_a_search_that_has_begun():
    before, after = read().settings, read(repeats={"folds": 3}).settings
    (fault,) = setting_faults(["repeats"], before=before, after=after)
    assert fault.startswith("repeats cannot be changed in a search that has begun: it was false")

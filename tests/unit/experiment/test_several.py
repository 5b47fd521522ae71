"""Several objectives, constraints and measures: what is read, and what is refused with a remedy."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.measure import Constraint
from raysearch.trial import Objective

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
PARAMS = Objective(metric="params", direction="minimize")

SETTINGS = {
    "data": "digits",
    "model": "mlp",
    "objectives": ["val/accuracy", "params"],
    "searcher": "nsga2",
    "scheduler": "asha",
    "fidelity": {"max_epochs": 9},
}


def experiment(**settings):
    given = {**SETTINGS, **settings}
    return from_settings({key: value for key, value in given.items() if value is not None})


def refusal(**settings) -> str:
    with pytest.raises(ConfigurationError) as error:
        experiment(**settings)
    return str(error.value)


def test_the_first_objective_is_the_one_that_decides_the_best_epoch():
    aims = experiment().aims
    assert (aims.objective, aims.objectives) == (ACCURACY, (ACCURACY, PARAMS))
    assert aims.measures == ("params",)


def test_what_is_resolved_says_all_of_it_and_is_read_again():
    found = experiment(constraints={"latency_ms": "<= 2", "params": "<=50_000"}, choose="knee")
    settings = found.settings
    assert settings["objective"] == {"metric": "val/accuracy", "direction": "maximize"}
    assert [each["metric"] for each in settings["objectives"]] == ["val/accuracy", "params"]
    assert settings["constraints"] == {"latency_ms": "<= 2", "params": "<= 50000"}
    assert settings["choose"] == {"by": "knee"}
    assert from_settings(settings) == found


def test_where_no_searcher_is_named_it_is_one_that_improves_several():
    assert experiment(searcher=None).searcher.name == "nsga2"
    assert experiment(searcher=None, objectives=None, objective="val/loss").searcher.name != "nsga2"


def test_a_single_objective_is_as_it_was_and_has_none_of_the_new_sections():
    found = experiment(objectives=None, objective="val/accuracy")
    assert found.aims.objectives == ()
    assert found.aims.measures == ()
    assert not {"objectives", "constraints", "measure", "choose"} & set(found.settings)
    assert experiment(objectives=["val/accuracy"]) == found


def test_constraints_go_with_a_single_objective_as_well():
    found = experiment(objectives=None, objective="val/loss", constraints={"params": "< 1e5"})
    assert found.aims.constraints == (Constraint(measure="params", sign="<", limit=1e5),)
    assert found.aims.objectives == ()


def test_measures_can_be_recorded_without_being_asked_for_otherwise():
    found = experiment(measure={"names": ["flops"], "batch_size": 64})
    assert found.aims.measures == ("flops", "params")
    assert found.aims.measuring.batch_size == 64


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"objectives": ["params", "val/accuracy"]},
            ("params says what a model costs", "Put a metric that the models log first"),
        ),
        (
            {"objectives": None, "objective": "params"},
            ("objective: params says what a model costs", "`objectives: [val/loss, params]`"),
        ),
        ({"objectives": ["val/accuracy", "val/accuracy"]}, ("val/accuracy twice", "once")),
        (
            {"objectives": ["val/accuracy", "parms"]},
            ("objectives: parms is not a metric", "Did you mean params?", "Valid: "),
        ),
        (
            {"objectives": ["val/accuracy", {"metric": "params", "direction": "maximize"}]},
            ("Less of params is better", "write minimize"),
        ),
        ({"objective": "val/loss"}, ("objective is val/loss", "Leave objective out")),
        (
            {"constraints": {"parms": "<= 5"}},
            ("constraints.parms is not a measure of a model", "Did you mean params?", "flops"),
        ),
        (
            {"constraints": {"params": "50000"}},
            ("constraints.params is", "50000", 'such as "<= 50000"'),
        ),
        (
            {"constraints": {"val/accuracy": ">= 0.9"}},
            ("constraints.val/accuracy is not a measure", "make it an objective"),
        ),
        (
            {"constraints": {"seconds": "<= 60"}},
            ("How long a trial trains is not known before", "set a budget"),
        ),
        ({"measure": {"names": ["flop"]}}, ("flop is not a measure", "Did you mean flops?")),
        ({"measure": {"batch_size": 0}}, ("measure.batch_size is 0",)),
        ({"choose": "best"}, ("choose", "best", "knee")),
        (
            {"choose": {"by": "knee", "weights": {"params": 2}}},
            ("choose.weights goes with by: weighted, and by is knee",),
        ),
        (
            {"choose": {"by": "weighted", "weights": {"flops": 2}}},
            ("flops is not one of the objectives", "Valid: params, val/accuracy"),
        ),
        (
            {"objectives": None, "objective": "val/loss", "choose": "knee"},
            ("choose: there is one objective",),
        ),
        (
            {"budget": {"patience": 5}},
            ("budget.patience is 5", "2 objectives", "Leave it out"),
        ),
        (
            {"searcher": "hyperopt"},
            (
                "hyperopt compares trials by one objective, and there are 2: val/accuracy, params.",
                "Methods that can search this space for several objectives: grid, nsga2, random",
            ),
        ),
        (
            {"scheduler": "median"},
            ("scheduler: median compares trials by one", "Schedulers for several objectives: asha"),
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(settings, words):
    text = refusal(**settings)
    for word in words:
        assert word in text, text


def test_a_function_has_no_model_to_be_measured():
    text = refusal(
        data=None,
        model={"function": "math:floor"},
        objectives=[{"metric": "loss", "direction": "minimize"}, "params"],
        space={"x": {"float": [0, 1]}},
    )
    assert "params cannot be measured, since the model is a function" in text

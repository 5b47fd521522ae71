"""Are constraints that nothing meets found, with what came closest, and the others let be?"""

from __future__ import annotations

from collections.abc import Mapping

from raysearch.errors import TrialFailed
from raysearch.preflight.limits import FEW, limit_findings
from raysearch.training.job import TrainingJob
from raysearch.training.run import model_cost

LOSS = {"metric": "val/loss", "direction": "minimize"}


def by_width(job: TrainingJob) -> Mapping[str, float]:
    """Return what a job's model would cost, by its width alone."""
    width = float(job.model_arguments["width"])
    return {"params": 10 * width, "flops": 77.0}


def test_without_measures_nothing_is_measured(experiment):
    assert limit_findings(experiment(), model_cost=by_width) == ()


def test_a_limit_that_nothing_reaches_is_a_fault_with_the_closest(experiment):
    found = limit_findings(experiment(constraints={"params": "<= 39"}), model_cost=by_width)
    (fault,) = found
    assert (fault.kind, fault.path) == ("fault", ("constraints",))
    assert "meets params <= 39. The closest has params 40: the default with width=4." in fault.text
    assert "Raise the limit, or let the space reach" in fault.text


def test_a_limit_that_few_meet_is_found_by_going_on_from_the_closest(experiment):
    given = {"space": {"width": {"int": [4, 4096]}}, "points": []}
    rare = experiment(constraints={"params": ">= 40900"}, **given)
    assert limit_findings(rare, model_cost=by_width) == ()


def test_once_one_meets_it_no_further_model_is_built(experiment):
    built = []

    def cost(job: TrainingJob) -> Mapping[str, float]:
        built.append(job)
        return by_width(job)

    limit_findings(experiment(constraints={"params": "<= 1e6"}), model_cost=cost)
    assert len(built) == 1


def test_an_objective_that_is_the_same_in_all_is_told_and_no_fault(experiment):
    found = limit_findings(
        experiment(objectives=[LOSS, "params", "flops"], searcher="random"),
        model_cost=by_width,
    )
    (warning,) = found
    assert warning.kind == "warning"
    assert f"flops is 77 in all {FEW} configurations that were measured" in warning.text
    assert "what is left is params, val/loss" in warning.text


def test_where_there_was_no_time_for_enough_the_search_is_warned_and_begins(experiment):
    limited = experiment(constraints={"params": "<= 1"})
    (found,) = limit_findings(limited, model_cost=by_width, time_limit_s=0.0)
    assert found.kind == "warning"
    assert "none of 1 configurations" in found.text
    assert "no time to measure more of them, so the search begins all the same" in found.text


def test_a_small_space_that_was_tried_in_full_is_enough(experiment):
    tiny = experiment(space={"width": {"int": [4, 6]}}, constraints={"params": "<= 1"})
    (found,) = limit_findings(tiny, model_cost=by_width)
    assert (found.kind, found.text.split(" configurations")[0]) == (
        "fault",
        "constraints: none of 3",
    )


def test_models_that_cannot_be_built_say_nothing_here(experiment):
    def cost(job: TrainingJob) -> Mapping[str, float]:
        raise TrialFailed("no")

    limited = experiment(constraints={"params": "<= 1"})
    assert limit_findings(limited, model_cost=cost) == ()


def test_real_models_are_measured_on_their_own_data(experiment):
    limited = experiment(constraints={"params": "<= 100", "latency_ms": "<= 1e4"})
    assert limit_findings(limited, model_cost=model_cost) == ()
    hopeless = experiment(space={"width": {"int": [4, 5]}}, constraints={"params": "<= 10"})
    (fault,) = limit_findings(hopeless, model_cost=model_cost)
    assert "The closest has params 43:" in fault.text

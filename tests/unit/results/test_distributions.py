"""Does the journal of a search tell how the distribution of `cross_entropy` moved?"""

from __future__ import annotations

import pytest

from raysearch.cli.distributions import distribution_facts
from raysearch.engine import Plan
from raysearch.results import Results
from raysearch.results.distributions import courses_of
from raysearch.run_dir import RunDir
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers.cross_entropy import CrossEntropy
from raysearch.searchers.random import Random
from raysearch.simulation import ParametricCurves, simulate
from raysearch.space import Choice, Fixed, Float, Int, Space
from raysearch.trial import Objective

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
SPACE = Space(
    {
        "rate": Float(1e-4, 1e-1, log=True),
        "width": Int(8, 64, step=8),
        "kind": Choice(["a", "b", "c", "d", "e"]),
        "decay": Float(0.0, 0.1, when={"kind": ["a", "b"]}),
        "epsilon": Fixed(1e-8),
    }
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A search in simulated time whose journal was written to disk."""
    path = tmp_path_factory.mktemp("runs") / "run"
    journal = RunDir(path).journal()
    journal.append(searched(CrossEntropy).events)
    journal.close()
    return Results.open(path)


def searched(method):
    return simulate(
        Plan(objective=ACCURACY, max_epochs=2, max_trials=75),
        space=SPACE,
        searcher=method(SPACE, objective=ACCURACY, seed=0),
        scheduler=NoScheduler(objective=ACCURACY, max_epochs=2),
        curves=ParametricCurves(SPACE, objective=ACCURACY, seed=0),
        n_workers=2,
    )


def courses(results):
    found = courses_of(results.state.trials.values(), space=results.state.space)
    return {course.parameter: course for course in found}


def test_every_parameter_that_is_searched_has_a_course_from_the_prior_on(results):
    found = courses(results)
    assert list(found) == ["rate", "width", "kind", "decay"]
    for course in found.values():
        numbers = [known.trial for known in course.snapshots]
        assert numbers == [0, 20, 30, 40, 50, 60, 70]
        updates = [known.updates for known in course.snapshots]
        assert updates[0] == 0
        assert updates == sorted(updates)
        assert updates[-1] > 50
    assert [found[name].is_number for name in found] == [True, True, False, True]


def test_numbers_have_a_range_in_their_own_values(results):
    for name in ("rate", "width"):
        first, *_, last = courses(results)[name].snapshots
        assert all(SPACE[name][0].domain.contains(v) for v in (first.low, last.centre, last.high))
        assert first.low <= first.centre <= first.high
        assert last.low <= last.centre <= last.high
    first, *_, last = courses(results)["rate"].snapshots
    assert (first.low, first.high) == pytest.approx((1e-4 * 10**0.318, 1e-4 * 10**2.682), rel=0.02)
    assert last.high / last.low < first.high / first.low / 3  # it has narrowed
    assert last.chances == ()


def test_choices_have_chances(results):
    first, *_, last = courses(results)["kind"].snapshots
    assert first.chances == tuple((value, 0.2) for value in "abcde")
    assert [value for value, _ in last.chances] == list("abcde")
    assert sum(chance for _, chance in last.chances) == pytest.approx(1, abs=1e-3)
    assert dict(last.chances)[last.likeliest] == max(chance for _, chance in last.chances)
    assert dict(last.chances)[last.likeliest] > 0.3


def test_a_search_by_another_method_has_none():
    simulation = searched(Random)
    assert courses_of(simulation.state.trials.values(), space=simulation.state.space) == ()


def test_a_parameter_that_is_searched_no_longer_is_left_out(results):
    space = SPACE.without(["decay"]).to_json()
    found = courses_of(results.state.trials.values(), space=space)
    assert [course.parameter for course in found] == ["rate", "width", "kind"]


def test_the_command_line_tells_where_it_stands_and_began(results):
    (label, head), *lines = distribution_facts(results)
    assert label == "drawn from"
    assert head.startswith("as of trial 0070, after ")
    texts = [text for _, text in lines]
    assert [text.partition(":")[0] for text in texts] == ["rate", "width", "kind", "decay"]
    assert "(at first 8 to 64)" in texts[1]
    assert "20% and 2 more)" in texts[2]

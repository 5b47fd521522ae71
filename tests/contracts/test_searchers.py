"""Does every searcher in the table keep the contract of `raysearch.searchers.base`?

A new method joins by its line in the table; settings worth trying besides the defaults go here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from raysearch.errors import UnsuitableSpace
from raysearch.searchers import EXHAUSTED, SEARCHERS, WAIT, Searcher
from raysearch.space import Bool, Choice, Fixed, Float, Graph, Int, Prior, Space
from raysearch.trial import (
    Configuration,
    Measurement,
    Objective,
    Suggestion,
    Trial,
    TrialStatus,
    trial_id,
)

METRIC = "val/loss"
LOSS = Objective(metric=METRIC, direction="minimize")

FURTHER_SETTINGS: dict[str, list[dict[str, float]]] = {
    "annealing": [{"n_startup": 1, "temperature": 1.0, "cooling": 0.0, "further_mutations": 0.0}],
    "bayesian": [{"n_startup": 4, "n_samples": 2, "n_history": 20}],
    "cmaes": [{"population": 4, "sigma": 1.0}],
    "cross_entropy": [{"n_startup": 1, "window": 2, "elite": 0.5, "smoothing": 1.0}],
    "evolution": [{"population_size": 2, "tournament_size": 1}, {"inherit": "weights"}],
    "genetic": [{"population_size": 2, "tournament_size": 1, "crossover": 1.0, "mutation": 0.0}],
    "grid": [{"resolution": 1}, {"resolution": 3}],
    "hyperopt": [{"n_startup": 1, "gamma": 5.0, "n_candidates": 1}],
    "local_search": [{"n_startup": 1, "n_neighbours": 3, "restart": 0.5}],
    "neat": [{"population": 5, "inheritance": "baldwinian", "change_weights": 0.0}],
    "tpe": [{"n_startup": 1, "n_candidates": 1}],
}
NEED_PLACES = ("auto", "bayesian", "cmaes", "cross_entropy", "grid", "hyperopt", "tpe")
"""Those that cannot search spaces with a Graph."""
DRAWS_NOTHING = ("grid",)
"""Those for which the seed is of no consequence."""
LEARNS_NOTHING = ("grid", "random")
"""Those for which what became of the trials is of no consequence."""
CASES = [
    (name, settings) for name in SEARCHERS for settings in [{}, *FURTHER_SETTINGS.get(name, [])]
]
every_case = pytest.mark.parametrize(
    ("name", "settings"), CASES, ids=[f"{name}-{settings}" for name, settings in CASES]
)
every_name = pytest.mark.parametrize("name", SEARCHERS)
pytestmark = pytest.mark.timeout(120)  # a process imports all their libraries, 5 s when idle

CONDITIONAL = Space(
    {
        "model": Choice(
            {
                "cnn": Space({"width": Int(8, 64, step=8), "kernel": Choice([3, 5], ordered=True)}),
                "mlp": Space({"width": Int(32, 512, log=True), "residual": Bool()}),
                "linear": Space({}),
            }
        ),
        "depth": Int(1, 4),
        "skip": Float(0.0, 1.0, when={"model": ["cnn", "mlp"], "depth": [3, 4]}),
        "optimizer": Choice(["sgd", "adam", None], prior=Prior("adam", 0.5)),
        "momentum": Float(0.5, 0.999, sampling="reverse_log", when={"optimizer": "sgd"}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "damping": Choice([0.0, 0.1], when={"nesterov": False}),
        "learning_rate": Float(1e-4, 1e-1, log=True, prior=Prior(1e-2, 0.7)),
        "batch_size": Int(16, 256, step=2, log=True),
        "levels": Choice(["low", "mid", "high"], ordered=True, prior=Prior("mid", 0.3)),
        "epsilon": Fixed(1e-8),
    }
)
FINITE = Space(
    {
        "depth": Int(1, 3),
        "norm": Choice(["none", "batch"]),
        "affine": Bool(when={"norm": "batch"}),
    }
)
NUMBERS = Space(
    {
        "width": Int(8, 64, step=8),
        "depth": Int(1, 4),
        "skip": Float(0.0, 1.0, when={"depth": [3, 4]}),
        "learning_rate": Float(1e-4, 1e-1, log=True, prior=Prior(1e-2, 0.7)),
        "levels": Choice(["low", "mid", "high"], ordered=True),
        "epsilon": Fixed(1e-8),
    }
)
FINITE_NUMBERS = Space({"depth": Int(1, 3), "width": Int(8, 24, step=8)})
WITHOUT_CATEGORIES = ("cmaes",)
"""Those that refuse values without an order; they are shown other spaces."""
SPACES = {"conditional": CONDITIONAL, "finite": FINITE, "lone": Space({"x": Float(0.0, 1.0)})}
NESTED = {"deep": Space({"inner": Graph(2, 1)}), "flat": Space({})}
GRAPHS = CONDITIONAL.merged(Space({"graph": Graph(3, 2, max_hidden=4), "kind": Choice(NESTED)}))
"""For methods that take graphs."""
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


def shown(name: str, space: Space = CONDITIONAL) -> Space:
    """Return the space, or what stands for it where the searcher refuses categories."""
    if name not in WITHOUT_CATEGORIES:
        return space
    return NUMBERS if space is CONDITIONAL else FINITE_NUMBERS if space is FINITE else space


def build(
    name: str, settings: Mapping[str, float], *, space: Space = CONDITIONAL, seed: int = 0
) -> Searcher:
    module, _, attribute = SEARCHERS[name].partition(":")
    method = getattr(importlib.import_module(module), attribute)
    searcher: Searcher = method(shown(name, space), objective=LOSS, seed=seed, **settings)
    return searcher


def ended(
    number: int,
    configuration: Configuration,
    values: Sequence[float | None],
    *,
    status: TrialStatus = TrialStatus.COMPLETED,
) -> Trial:
    return Trial(
        id=trial_id(number),
        number=number,
        configuration=configuration,
        status=status,
        measurements=tuple(
            Measurement(epoch=epoch, step=epoch, values={METRIC: value}, seconds=float(epoch))
            for epoch, value in enumerate(values, start=1)
        ),
    )


def fair(number: int, configuration: Configuration) -> Trial:
    """Return a completed trial whose loss follows from its configuration."""
    numbers = [v for v in configuration.values() if isinstance(v, int | float)]
    return ended(number, configuration, [1.0, float(np.tanh(np.sum(np.abs(numbers)) / 100))])


def messy(number: int, configuration: Configuration) -> Trial:
    """Return a trial that ended in one of all the ways there are."""
    loss = 1 / (1 + number)
    ways: list[tuple[TrialStatus, list[float | None]]] = [
        (TrialStatus.COMPLETED, [loss, loss]),
        (TrialStatus.STOPPED, [loss]),
        (TrialStatus.STOPPED, [loss, None]),
        (TrialStatus.STOPPED, [None]),
        (TrialStatus.FAILED, []),
        (TrialStatus.FAILED, [loss]),
        (TrialStatus.REJECTED, []),
    ]
    status, values = ways[number % len(ways)]
    return ended(number, configuration, values, status=status)


def hopeless(number: int, configuration: Configuration) -> Trial:
    return ended(number, configuration, [], status=TrialStatus.FAILED)


def run(
    searcher: Searcher,
    n_trials: int,
    *,
    train: Callable[[int, Configuration], Trial] = fair,
    n_parallel: int = 1,
) -> list[dict[str, Any]]:
    """Return what the searcher suggests when `n_parallel` trials run at once, in order."""
    suggested: list[dict[str, Any]] = []
    pending: list[Trial] = []
    while len(suggested) < n_trials:
        number = len(suggested) + 1
        suggestion = searcher.suggest(number=number, pending=list(pending))
        if isinstance(suggestion, Suggestion):
            suggested.append(dict(suggestion.configuration))
            pending.append(train(number, suggestion.configuration))
        elif suggestion is EXHAUSTED:
            break
        else:
            assert suggestion is WAIT
            assert pending, "there is nothing to wait for"
        if len(pending) >= n_parallel or suggestion is WAIT:
            searcher.observe(pending.pop(0))
    return suggested


def fewest(name: str, settings: Mapping[str, float], *, space: Space) -> int:
    """Return how many suggestions, of 30, must come at least."""
    points = int(settings.get("resolution", 5)) if name == "grid" else None
    return min(30, space.grid_size(points=points) or 30)


@every_case
def test_constructor_takes_the_space_and_keywords(name: str, settings: dict[str, float]) -> None:
    signature = inspect.signature(type(build(name, settings)))
    space, *others = signature.parameters.values()
    assert space.name == "space"
    assert {"objective", "seed"} <= {p.name for p in others}
    assert {p.kind for p in others} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not p.empty for p in others if p.name != "objective")


@every_case
@every_space
@pytest.mark.parametrize("n_parallel", [1, 4])
def test_suggestions_lie_in_the_space(
    name: str, settings: dict[str, float], space: Space, n_parallel: int
) -> None:
    suggested = run(build(name, settings, space=space), 30, n_parallel=n_parallel)
    space = shown(name, space)
    assert len(suggested) >= fewest(name, settings, space=space)
    for configuration in suggested:
        space.validate(configuration)
        assert space.canonical(configuration) == configuration
        assert {type(v) for v in configuration.values()} <= {bool, int, float, str, type(None)}


@every_case
@pytest.mark.parametrize("train", [fair, messy])
def test_searches_spaces_with_graphs_or_refuses_them(
    name: str, settings: dict[str, float], train: Callable[[int, Configuration], Trial]
) -> None:
    if name in NEED_PLACES:
        with pytest.raises(UnsuitableSpace, match="graph, inner have values without a place"):
            build(name, settings, space=GRAPHS)
        return
    suggested = run(build(name, settings, space=GRAPHS), 30, n_parallel=3, train=train)
    assert len(suggested) == 30
    assert len({configuration["graph"] for configuration in suggested}) > 2
    for configuration in suggested:
        assert GRAPHS.canonical(configuration) == configuration


@every_case
def test_origin_is_plain_and_names_a_kind(name: str, settings: dict[str, float]) -> None:
    searcher = build(name, settings)
    for number in range(1, 20):
        suggestion = searcher.suggest(number=number, pending=[])
        assert isinstance(suggestion, Suggestion)
        assert isinstance(suggestion.origin["kind"], str)
        assert json.loads(json.dumps(dict(suggestion.origin))) == dict(suggestion.origin)
        searcher.observe(fair(number, suggestion.configuration))


@every_case
def test_same_seed_same_sequence(name: str, settings: dict[str, float]) -> None:
    once = run(build(name, settings, seed=3), 16)
    assert once == run(build(name, settings, seed=3), 16)
    assert (once == run(build(name, settings, seed=4), 16)) is (name in DRAWS_NOTHING)


@pytest.fixture(scope="module")
def elsewhere() -> list[dict[str, Any]]:
    """Return, from each of two processes that hash otherwise, what every searcher suggests."""
    script = (
        "import json, sys, importlib.util\n"
        "spec = importlib.util.spec_from_file_location('contract', sys.argv[1])\n"
        "contract = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(contract)\n"
        "suggested = {n: contract.run(contract.build(n, {}), 20) for n in contract.SEARCHERS}\n"
        "print(json.dumps(suggested))\n"
    )
    found = []
    for hash_seed in ("1", "2"):
        process = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, __file__],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert process.stderr == ""
        found.append(json.loads(process.stdout))
    return found


@every_name
def test_same_sequence_in_other_processes(name: str, elsewhere: list[dict[str, Any]]) -> None:
    once = run(build(name, {}), 20)
    assert [suggested[name] for suggested in elsewhere] == [once, once]


@every_case
def test_asking_again_gives_the_same_answer(name: str, settings: dict[str, float]) -> None:
    searcher = build(name, settings)
    run(searcher, 20)
    first = searcher.suggest(number=21, pending=[])
    assert isinstance(first, Suggestion)
    begun = Trial(id="0021", number=21, configuration=first.configuration)
    other = searcher.suggest(number=22, pending=[begun])
    assert searcher.suggest(number=21, pending=[]) == first
    assert other != first


@every_case
@pytest.mark.parametrize("train", [fair, messy])
def test_replayed_history_gives_the_same_next_suggestion(
    name: str, settings: dict[str, float], train: Callable[[int, Configuration], Trial]
) -> None:
    searcher = build(name, settings)
    suggested = run(searcher, 25, train=train)
    pending = [Trial(id="0026", number=26, configuration=shown(name).default())]
    resumed = build(name, settings)
    for number, configuration in enumerate(suggested, start=1):
        resumed.observe(train(number, configuration))
    after = resumed.suggest(number=27, pending=pending)
    assert isinstance(after, Suggestion)
    assert after == searcher.suggest(number=27, pending=pending)


@every_case
@every_space
@pytest.mark.parametrize("train", [messy, hopeless])
def test_copes_with_trials_that_end_badly(
    name: str,
    settings: dict[str, float],
    space: Space,
    train: Callable[[int, Configuration], Trial],
) -> None:
    suggested = run(build(name, settings, space=space), 30, train=train, n_parallel=3)
    space = shown(name, space)
    assert len(suggested) >= fewest(name, settings, space=space)
    assert all(space.contains(configuration) for configuration in suggested)


EXPLORES = ("auto", "bayesian")
"""Those that rather look where nothing was tried: into the gap of the next test. For them, with
trials everywhere, it is test_a_full_training_beats_an_optimistic_first_epoch of test_bayesian."""


@pytest.mark.parametrize("name", sorted({*SEARCHERS} - {*LEARNS_NOTHING, *EXPLORES}))
def test_full_trainings_are_believed_before_optimistic_beginnings(name: str) -> None:
    searcher = build(name, {}, space=SPACES["lone"])
    rng = np.random.default_rng(5)
    for number in range(1, 61):
        near = float(rng.normal(0.2 if number % 2 else 0.8, 0.02))
        stopped = ended(number, {"x": near}, [0.1 + near / 100], status=TrialStatus.STOPPED)
        full = ended(number, {"x": near}, [0.9] * 26 + [0.5 + abs(near - 0.8)])
        searcher.observe(stopped if number % 2 else full)
    suggested = [searcher.suggest(number=n, pending=[]) for n in range(61, 91)]
    places = [s.configuration["x"] for s in suggested if isinstance(s, Suggestion)]
    assert len(places) == 30
    # One epoch said 0.1 near 0.2, and 27 said 0.5 near 0.8. Measured: 25 to 30 of 30 follow those.
    assert sum(float(x or 0) > 0.5 for x in places) >= 20


def suggested_by(searcher: Searcher, number: int) -> Suggestion:
    suggestion = searcher.suggest(number=number, pending=[])
    assert isinstance(suggestion, Suggestion)
    return suggestion


@every_case
def test_a_paused_trial_counts_like_a_stopped_one(name: str, settings: dict[str, float]) -> None:
    stopped, paused = build(name, settings), build(name, settings)
    for number in range(1, 17):
        suggestion = suggested_by(stopped, number)
        assert suggested_by(paused, number) == suggestion
        trial = ended(number, suggestion.configuration, [1 / number], status=TrialStatus.STOPPED)
        trial = replace(trial, origin=suggestion.origin)
        stopped.observe(trial)
        paused.observe(replace(trial, status=TrialStatus.PAUSED))


@every_case
@pytest.mark.parametrize("train", [fair, messy])
def test_what_is_told_twice_counts_once(
    name: str, settings: dict[str, float], train: Callable[[int, Configuration], Trial]
) -> None:
    once, twice = build(name, settings), build(name, settings)
    for number in range(1, 17):
        suggestion = suggested_by(once, number)
        assert suggested_by(twice, number) == suggestion
        trial = replace(train(number, suggestion.configuration), origin=suggestion.origin)
        for searcher in (once, twice, twice):
            searcher.observe(trial)


LEARNS_BY_GENERATIONS = ("cmaes",)
"""Those that learn from trials alone that they have drawn themselves."""


@pytest.mark.parametrize(
    "name", sorted({*SEARCHERS} - {*LEARNS_NOTHING, *EXPLORES, *LEARNS_BY_GENERATIONS})
)
def test_a_trial_that_goes_on_after_a_pause_counts_as_what_it_came_to(name: str) -> None:
    searcher = build(name, {}, space=SPACES["lone"])
    rng = np.random.default_rng(5)
    for number in range(1, 61):
        near = float(rng.normal(0.2 if number % 2 else 0.8, 0.02))
        beginning = [0.1 + near / 100]
        searcher.observe(ended(number, {"x": near}, beginning, status=TrialStatus.PAUSED))
        if number % 2 == 0:  # was promoted, and is better than it looked
            searcher.observe(ended(number, {"x": near}, [*beginning, *[0.01] * 26]))
    suggested = [searcher.suggest(number=n, pending=[]) for n in range(61, 91)]
    places = [s.configuration["x"] for s in suggested if isinstance(s, Suggestion)]
    assert len(places) == 30
    assert sum(float(x or 0) > 0.5 for x in places) >= 20  # as in the test before


@every_case
def test_copes_with_many_pending_trials(name: str, settings: dict[str, float]) -> None:
    suggested = run(build(name, settings), 60, n_parallel=40)
    assert all(shown(name).contains(configuration) for configuration in suggested)
    assert len({tuple(configuration.items()) for configuration in suggested}) == 60


@every_case
def test_copes_with_trials_from_outside_the_space(name: str, settings: dict[str, float]) -> None:
    searcher = build(name, settings, space=FINITE)
    strangers = [fair(n, {"depth": n, "color": "red"}) for n in range(20, 40)]
    for stranger in strangers[:15]:
        searcher.observe(stranger)
    suggestion = searcher.suggest(number=41, pending=strangers[15:])
    assert isinstance(suggestion, Suggestion)
    assert shown(name, FINITE).contains(suggestion.configuration)


@every_case
def test_finite_space_is_not_given_up_before_all_was_tried(
    name: str, settings: dict[str, float]
) -> None:
    size = fewest(name, settings, space=FINITE)
    assert size == (3 if settings == {"resolution": 1} else 9)
    suggested = run(build(name, settings, space=FINITE), 5 * size, n_parallel=2)
    tried = {tuple(configuration.items()) for configuration in suggested}
    assert len(tried) == size or len(suggested) == 5 * size


@every_case
def test_space_of_one_configuration(name: str, settings: dict[str, float]) -> None:
    space = Space({"width": Fixed(8), "depth": Int(2, 2)})
    only = {"width": 8, "depth": 2}
    assert all(c == only for c in run(build(name, settings, space=space), 12))


@every_case
def test_leaves_no_trace(
    name: str, settings: dict[str, float], capfd: pytest.CaptureFixture[str]
) -> None:
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002  the thing tested
    errors = np.geterr()
    run(build(name, settings), 25, train=messy)
    assert random.getstate() == state
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(after, numpy_state, strict=True))
    assert np.geterr() == errors
    assert capfd.readouterr() == ("", "")


@every_case
def test_searches_that_begin_with_points_begin_at_a_later_number(
    name: str, settings: dict[str, float]
) -> None:
    searcher = build(name, settings)
    default = shown(name).default()
    point = {key: value for key, value in default.items() if key != "skip"} | {"depth": 1}
    searcher.observe(fair(0, default))
    pending = [Trial(id="0001", number=1, configuration=point)]
    suggestion = searcher.suggest(number=2, pending=pending)
    assert isinstance(suggestion, Suggestion)
    assert suggestion.configuration not in (default, point)


@every_case
def test_observing_300_trials_is_quick(name: str, settings: dict[str, float]) -> None:
    searcher, rng = build(name, settings), np.random.default_rng(0)
    trials = [messy(n, shown(name).sample(rng)) for n in range(300)]
    started_at = time.perf_counter()
    for trial in trials:
        searcher.observe(trial)
    # Measured: below 0.1 s. A search of 300 trials must not wait for its searcher's bookkeeping.
    assert time.perf_counter() - started_at < 1.5


@every_name
def test_preparing_changes_no_suggestion(name: str) -> None:
    prepared, plain = build(name, {}), build(name, {})
    prepared.prepare()
    for number in range(1, 4):
        assert prepared.suggest(number=number, pending=[]) == plain.suggest(
            number=number, pending=[]
        )


@every_case
@every_space
def test_learns_from_earlier_runs_and_may_try_again_what_they_tried(
    name: str, settings: dict[str, float], space: Space
) -> None:
    """Their trials have numbers below 0, and a finite space is not used up by them."""
    space = shown(name, space)
    searcher = build(name, settings, space=space)
    told = [space.sample(np.random.default_rng(n)) for n in range(30)]
    for number, configuration in enumerate(told, start=-len(told)):
        earlier = replace(messy(number % 7, configuration), id=f"old/{number}", number=number)
        searcher.observe(replace(earlier, origin={"kind": "evidence", "run": "old"}))
    suggested = run(searcher, 30)
    assert len(suggested) >= fewest(name, settings, space=space)
    assert all(space.contains(configuration) for configuration in suggested)

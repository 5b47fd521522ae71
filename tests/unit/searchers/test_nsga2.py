"""Does a front move to the best, under constraints, no worse than with Optuna's sampler?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import optuna
import pytest

from raysearch import pareto
from raysearch.searchers.nsga2 import Nsga2, ordered, violation_of
from raysearch.searchers.random import Random
from raysearch.space import Choice, Float, Space
from raysearch.trial import Measurement, Objective, Trial, TrialStatus, trial_id

ONE = Objective(metric="one", direction="minimize")
TWO = Objective(metric="two", direction="minimize")
BOTH = (ONE, TWO)
FLAT = Space({f"x{n}": Float(0.0, 1.0) for n in range(6)})
REFERENCE = (1.1, 6.0)

Values = Mapping[str, float]


def zdt1(configuration) -> Values:
    """Return the values of Zitzler's first test function, whose best have x1 = ... = 0."""
    first, *rest = (float(configuration[f"x{n}"]) for n in range(6))
    g = 1 + 9 * sum(rest) / 5
    return {"one": first, "two": g * (1 - (first / g) ** 0.5)}


def ended(number: int, configuration, values: Values, **given) -> Trial:
    measured = Measurement(epoch=9, step=9, values=values, seconds=1.0)
    trial = Trial(
        id=trial_id(number),
        number=number,
        configuration=configuration,
        status=TrialStatus.COMPLETED,
        measurements=(measured,),
    )
    return replace(trial, **given)


def front_of(searcher, n_trials: int, values: Callable[..., Values]) -> list[tuple[float, ...]]:
    points = []
    for number in range(n_trials):
        found = searcher.suggest(number=number, pending=[])
        trial = ended(number, found.configuration, values(found.configuration), origin=found.origin)
        searcher.observe(trial)
        points.append(trial.losses(BOTH))
    return points


def volume(points) -> float:
    return pareto.hypervolume(points, reference=REFERENCE)


def optunas(seed: int, n_trials: int) -> float:
    """Return what Optuna's sampler reaches with the same generations."""
    sampler = optuna.samplers.NSGAIISampler(population_size=12, seed=seed)
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    points = []
    for _ in range(n_trials):
        trial = study.ask()
        found = zdt1({key: trial.suggest_float(key, 0.0, 1.0) for key in FLAT.default()})
        study.tell(trial, [found["one"], found["two"]])
        points.append((found["one"], found["two"]))
    return volume(points)


def test_on_a_flat_space_it_is_no_worse_than_optunas_and_better_than_random_search():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seeds, n_trials = range(5), 72
    given = {"objective": ONE, "objectives": BOTH}
    ours = [volume(front_of(Nsga2(FLAT, seed=s, **given), n_trials, zdt1)) for s in seeds]
    chance = [volume(front_of(Random(FLAT, seed=s, **given), n_trials, zdt1)) for s in seeds]
    theirs = [optunas(seed, n_trials) for seed in seeds]
    error = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(len(ours))
    assert np.mean(ours) >= np.mean(theirs) - 2 * error
    assert np.mean(ours) > np.mean(chance)


def test_rejected_trials_lead_to_where_models_are_allowed():
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    searcher = Nsga2(space, objective=ONE, objectives=BOTH, population=6, seed=1)
    met = []
    for number in range(72):
        found = searcher.suggest(number=number, pending=[])
        x, y = float(found.configuration["x"]), float(found.configuration["y"])
        trial = ended(number, found.configuration, {"one": y, "two": 1 - y}, origin=found.origin)
        if x > 0.1:
            over = {"status": TrialStatus.REJECTED, "violation": x, "measurements": ()}
            trial = replace(trial, **over)
        met.append(x <= 0.1)
        searcher.observe(trial)
    assert sum(met[-24:]) > 3 * max(1, sum(met[:24]))  # 2.4 of 24 are met by chance


def test_a_full_training_comes_before_an_optimistic_first_epoch_and_that_before_a_rejected_one():
    full = ended(1, {"x": 0.5}, {"one": 5.0, "two": 5.0})
    stopped = ended(2, {"x": 0.5}, {"one": 0.0, "two": 0.0}, status=TrialStatus.STOPPED)
    rejected = ended(3, {}, {}, status=TrialStatus.REJECTED, violation=0.01, measurements=())
    assert violation_of(full) < violation_of(stopped) < violation_of(rejected)


def test_parents_are_the_first_fronts_of_parents_and_children():
    searcher = Nsga2(FLAT, objective=ONE, objectives=BOTH, population=4)
    good = [(0.0, 3.0), (1.0, 2.0), (2.0, 1.0), (3.0, 0.0)]
    for number, (one, two) in enumerate([*good, (9.0, 9.0), (8.0, 8.0), (7.0, 7.0), (6.0, 6.0)]):
        configuration = {f"x{n}": number / 10 for n in range(6)}
        searcher.observe(ended(number, configuration, {"one": one, "two": two}))
    found = [searcher.suggest(number=n, pending=[]) for n in range(100, 130)]
    parents = {parent for suggestion in found for parent in suggestion.origin["parents"]}
    assert parents <= {trial_id(number) for number in range(4)}
    assert len(parents) > 2
    assert {suggestion.origin["generation"] for suggestion in found} == {2}


def test_what_ends_too_late_for_its_generation_is_not_learnt_from():
    searcher = Nsga2(FLAT, objective=ONE, objectives=BOTH, population=4)
    for number in range(4):
        configuration = {f"x{n}": 0.5 + number / 10 for n in range(6)}
        searcher.observe(ended(number, configuration, {"one": 5.0, "two": 5.0}))
    late = ended(
        9, dict.fromkeys(FLAT.default(), 0.1), {"one": 0.0, "two": 0.0},
        origin={"kind": "nsga2", "generation": 0},
    )  # fmt: skip
    searcher.observe(late)
    for number in range(10, 14):
        configuration = {f"x{n}": 0.2 + number / 100 for n in range(6)}
        origin = {"kind": "nsga2", "generation": 1}
        searcher.observe(ended(number, configuration, {"one": 4.0, "two": 4.0}, origin=origin))
    found = [searcher.suggest(number=n, pending=[]) for n in range(100, 120)]
    assert all("0009" not in suggestion.origin["parents"] for suggestion in found)


def test_a_branch_is_inherited_as_a_whole():
    wide, deep = Space({"width": Choice([1, 2, 3])}), Space({"depth": Choice([1, 2, 3])})
    space = Space({"model": Choice({"wide": wide, "deep": deep}), "rate": Float(0.0, 1.0)})
    searcher = Nsga2(space, objective=ONE, objectives=BOTH, population=4)
    for number in range(4):
        model = {"model": "wide", "width": 2} if number % 2 else {"model": "deep", "depth": 3}
        searcher.observe(ended(number, {**model, "rate": 0.1 * number}, {"one": 0, "two": 0}))
    for number in range(10, 30):
        assert space.contains(searcher.suggest(number=number, pending=[]).configuration)


@pytest.mark.parametrize("n", [1, 3])
def test_the_order_of_one_objective_is_that_of_its_values(n):
    searcher = Nsga2(FLAT, objective=ONE, population=4)
    rng = np.random.default_rng(n)
    values = rng.permutation(4).tolist()
    for number, value in enumerate(values):
        searcher.observe(ended(number, FLAT.sample(rng), {"one": float(value)}))
    best = searcher._parents[0].id
    assert best == trial_id(values.index(0))
    assert [each.losses for each in ordered(searcher._parents)] == [(0.0,), (1.0,), (2.0,), (3.0,)]

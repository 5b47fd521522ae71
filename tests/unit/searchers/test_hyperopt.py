"""Does TPE learn from trials, from the right ones, and say nothing wrong when it cannot?"""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.searchers import EXHAUSTED, Searcher
from raysearch.searchers.hyperopt import HyperOpt
from raysearch.searchers.random import Random
from raysearch.space import Bool, Choice, Float, Int, Prior, Space
from raysearch.trial import Configuration, Measurement, Objective, Suggestion, Trial, TrialStatus

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
pytestmark = pytest.mark.timeout(120)  # the first test to need hyperopt imports it

LINE = Space({"x": Float(0.0, 1.0)})


def trial(
    number: int,
    configuration: Configuration,
    value: float | None,
    *,
    epochs: int = 27,
    status: TrialStatus = TrialStatus.COMPLETED,
) -> Trial:
    measured = Measurement(epoch=epochs, step=epochs, values={"val/accuracy": value}, seconds=1.0)
    return Trial(
        id=f"{number:04d}",
        number=number,
        configuration=configuration,
        status=status,
        measurements=(measured,),
    )


def suggested(
    searcher: Searcher,
    *,
    numbers: Iterable[int] = range(100, 130),
    pending: list[Trial] | None = None,
) -> list[Configuration]:
    suggestions = [searcher.suggest(number=n, pending=pending or []) for n in numbers]
    return [s.configuration for s in suggestions if isinstance(s, Suggestion)]


def places(searcher: Searcher, *, pending: list[Trial] | None = None) -> np.ndarray:
    """Return the values of x in 30 suggestions that all follow the same trials."""
    return np.array([c["x"] for c in suggested(searcher, pending=pending)], dtype=float)


def search(
    searcher: Searcher, n_trials: int, value: Callable[[Configuration], float]
) -> list[float]:
    """Return the values of as many trials, one after the other."""
    values = list[float]()
    for number in range(n_trials):
        suggestion = searcher.suggest(number=number, pending=[])
        if not isinstance(suggestion, Suggestion):
            break
        values.append(value(suggestion.configuration))
        searcher.observe(trial(number, suggestion.configuration, values[-1]))
    return values


def test_import_loads_neither_hyperopt_nor_what_it_drags_in() -> None:
    script = (
        "import sys, raysearch.searchers.hyperopt, raysearch.searchers.random\n"
        "from raysearch.space import Float, Space\n"
        "from raysearch.trial import Objective\n"
        "objective = Objective(metric='loss', direction='minimize')\n"
        "space = Space({'x': Float(0.0, 1.0)})\n"
        "raysearch.searchers.hyperopt.HyperOpt(space, objective=objective)\n"
        "heavy = {'hyperopt', 'scipy', 'networkx', 'numpy', 'torch', 'ray', 'lightning'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_random_until_enough_trials_have_ended() -> None:
    searcher = HyperOpt(LINE, objective=ACCURACY, n_startup=3)
    kinds = []
    for number in range(6):
        suggestion = searcher.suggest(number=number, pending=[])
        assert isinstance(suggestion, Suggestion)
        kinds.append(suggestion.origin["kind"])
        searcher.observe(trial(number, suggestion.configuration, 0.5))
    assert kinds == ["random"] * 3 + ["tpe"] * 3


def conditional_problem() -> tuple[Space, Callable[[Configuration], float]]:
    """Return a space with conditions and a function that is best, 0, at one place of one branch."""
    branches = {"a": Space({"n": Int(1, 8)}), "b": Space({"n": Int(9, 99, log=True)})}
    space = Space(
        {
            "model": Choice(branches),
            "rate": Float(1e-5, 1.0, log=True),
            "skip": Bool(),
            "gate": Float(0.0, 1.0, when={"model": "b", "skip": True}),
        }
    )

    def value(c: Configuration) -> float:
        n, rate, gate = (float(c.get(key) or 0.0) for key in ("n", "rate", "gate"))
        loss = abs(math.log10(rate) + 2) / 5
        if c["model"] == "a":
            return -loss - 1 - n / 8
        return -loss - abs(math.log(n / 30)) / 2 - (abs(gate - 0.7) if c["skip"] else 0.7)

    return space, value


@pytest.mark.timeout(120)  # the import of hyperopt, and 16 searches of 50 trials
def test_better_than_random_on_a_conditional_problem() -> None:
    space, value = conditional_problem()
    tpe, random = (
        [max(search(method(space, objective=ACCURACY, seed=s), 50, value)) for s in range(8)]
        for method in (HyperOpt, Random)
    )
    # Permutation test: were both equally good, the sign of each difference would be a toss-up. A
    # sum as large as this one would then have a chance below 1 %.
    differences = np.subtract(tpe, random)
    signs = np.array(list(itertools.product((-1, 1), repeat=8)))
    assert np.mean(signs @ differences >= differences.sum() - 1e-12) < 0.01


def test_completed_trials_count_more_than_optimistic_early_ones() -> None:
    searcher = HyperOpt(LINE, objective=ACCURACY)
    for n in range(20):
        searcher.observe(trial(n, {"x": 0.8 + n / 1000}, 0.7))
        early = trial(20 + n, {"x": 0.2 + n / 1000}, 0.99, epochs=1, status=TrialStatus.STOPPED)
        searcher.observe(early)
    assert np.mean(places(searcher) > 0.5) > 0.9


def test_where_trials_fail_is_avoided() -> None:
    searcher = HyperOpt(LINE, objective=ACCURACY)
    rng = np.random.default_rng(0)
    for n in range(40):
        x = float(rng.random())
        status = TrialStatus.FAILED if x < 0.5 else TrialStatus.COMPLETED
        searcher.observe(trial(n, {"x": x}, 0.9 if x < 0.5 else 0.1 * x, status=status))
    assert np.mean(places(searcher) > 0.5) > 0.9


@pytest.mark.parametrize("n_good", [0, 1])
def test_failed_trials_are_never_taken_for_good_ones(n_good: int) -> None:
    # Of 20 trials, 2 would count as good: with fewer than that, it goes on at random.
    searcher = HyperOpt(LINE, objective=ACCURACY, gamma=0.25)
    for n in range(20):
        value = 0.5 if n < n_good else None
        searcher.observe(trial(n, {"x": n / 20}, value))
    suggestion = searcher.suggest(number=20, pending=[])
    assert isinstance(suggestion, Suggestion)
    assert suggestion.origin == {"kind": "random"}
    searcher.observe(trial(21, {"x": 0.99}, 0.5))
    searcher.observe(trial(22, {"x": 0.98}, 0.5))
    after = searcher.suggest(number=23, pending=[])
    assert isinstance(after, Suggestion)
    assert after.origin == {"kind": "tpe"}


def test_pending_trials_drive_suggestions_away() -> None:
    searcher = HyperOpt(LINE, objective=ACCURACY)
    for n in range(30):
        searcher.observe(trial(n, {"x": n / 30}, -abs(n / 30 - 0.3)))
    pending = [
        trial(40 + n, {"x": 0.28 + n / 500}, None, epochs=1, status=TrialStatus.RUNNING)
        for n in range(20)
    ]
    alone, crowded = places(searcher), places(searcher, pending=pending)
    assert np.mean(np.abs(crowded - 0.3)) > 1.5 * np.mean(np.abs(alone - 0.3))


def test_order_of_observation_does_not_matter() -> None:
    space, value = conditional_problem()
    rng = np.random.default_rng(0)
    trials = [trial(n, c, value(c)) for n, c in enumerate(space.sample(rng) for _ in range(30))]
    forwards, backwards = (HyperOpt(space, objective=ACCURACY) for _ in range(2))
    for one, other in zip(trials, reversed(trials), strict=True):
        forwards.observe(one)
        backwards.observe(other)
    assert suggested(forwards, numbers=[40]) == suggested(backwards, numbers=[40])


def test_of_a_long_history_the_best_and_the_latest_are_shown() -> None:
    def after(*, old: float, best: float, n_history: int = 50) -> list[Configuration]:
        searcher = HyperOpt(LINE, objective=ACCURACY, n_history=n_history)
        for n in range(100):
            x, value = {3: (old, 0.1), 5: (best, 0.9)}.get(n, (n / 100, 0.2 + n / 1000))
            searcher.observe(trial(n, {"x": x}, value))
        return suggested(searcher)

    shown = after(old=0.031, best=0.051)
    assert shown == after(old=0.711, best=0.051)
    assert shown != after(old=0.031, best=0.711)
    assert after(old=0.031, best=0.051, n_history=100) != after(
        old=0.711, best=0.051, n_history=100
    )


def test_up_to_its_limit_a_history_is_shown_whole() -> None:
    short, long = (HyperOpt(LINE, objective=ACCURACY, n_history=n) for n in (50, 10**6))
    for searcher in (short, long):
        for n in range(50):
            searcher.observe(trial(n, {"x": n / 50}, n % 7 / 7))
    assert suggested(short) == suggested(long)


def test_trials_from_other_ranges_are_not_learnt_from() -> None:
    searcher, fresh = (HyperOpt(LINE, objective=ACCURACY, n_startup=5) for _ in range(2))
    for n in range(10):
        inside = trial(n, {"x": n / 10}, 0.5)
        searcher.observe(inside)
        fresh.observe(inside)
        searcher.observe(trial(20 + n, {"x": 5.0 + n}, 0.9))
        searcher.observe(trial(40 + n, {"y": n}, 0.9))
    pending = [trial(60, {"x": 7.0}, 0.1, status=TrialStatus.RUNNING)]
    assert suggested(searcher, numbers=[70], pending=pending) == suggested(fresh, numbers=[70])


def test_integers_written_for_floats_are_understood() -> None:
    searcher = HyperOpt(LINE, objective=ACCURACY, n_startup=1)
    searcher.observe(trial(0, {"x": 1}, 0.5))
    assert np.all(places(searcher) <= 1.0)


def test_finite_space_is_used_up_without_a_repetition() -> None:
    space = Space({"a": Int(1, 10), "b": Choice(["u", "v", "w"]), "c": Bool(when={"b": "w"})})
    searcher = HyperOpt(space, objective=ACCURACY)
    tried = list[Configuration]()
    while isinstance(suggestion := searcher.suggest(number=len(tried), pending=[]), Suggestion):
        tried.append(suggestion.configuration)
        searcher.observe(trial(len(tried), tried[-1], float(tried[-1]["a"] or 0)))
    assert suggestion is EXHAUSTED
    assert len(tried) == space.grid_size() == 40
    assert len({tuple(c.items()) for c in tried}) == 40


def test_neighbour_is_suggested_in_place_of_what_was_tried() -> None:
    space = Space({"a": Int(0, 999)})
    searcher = HyperOpt(space, objective=ACCURACY)
    for a in range(490, 511):
        searcher.observe(trial(a, {"a": a}, -abs(a - 500)))
    for c in suggested(searcher):
        assert not 490 <= int(c["a"] or 0) <= 510


def test_prior_stays_in_force() -> None:
    # All trials are equal, so nothing is learnt: suggestions keep to the prior's neighbourhood.
    space = Space({"x": Float(0.0, 1.0, prior=Prior(0.9, 0.9))})
    searcher = HyperOpt(space, objective=ACCURACY, n_startup=2)
    search(searcher, 30, lambda configuration: 0.5)
    assert np.mean(places(searcher) > 0.7) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_startup": 0}, "searcher.n_startup is 0. It must be an integer of at least 1."),
        ({"n_startup": 2.5}, "searcher.n_startup is 2.5. It must be an integer of at least 1."),
        ({"gamma": 0.0}, "searcher.gamma is 0.0. It must be a number from 0.05 to 5."),
        ({"gamma": "big"}, "searcher.gamma is 'big'. It must be a number from 0.05 to 5."),
        ({"n_candidates": 0}, "searcher.n_candidates is 0. It must be an integer of at least 1."),
        ({"n_history": 49}, "searcher.n_history is 49. It must be an integer of at least 50."),
    ],
)
def test_wrong_settings(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        HyperOpt(LINE, objective=ACCURACY, **settings)
    assert caught.value.faults == (message,)


def test_wrong_settings_are_named_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        HyperOpt(LINE, objective=ACCURACY, n_startup=0, gamma=9, n_candidates=-1)
    assert len(caught.value.faults) == 3

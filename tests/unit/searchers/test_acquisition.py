"""Is a training worth what many imagined ones come to?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from raysearch.gaussian.kernel import Array
from raysearch.gaussian.process import GaussianProcess
from raysearch.searchers.acquisition import expected_improvement, lowest, worth_of_training
from raysearch.searchers.vectors import Vectors
from raysearch.space import Float, Space

PLANE = Vectors(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}))
RNG = np.random.default_rng(0)
ROWS = RNG.random((9, 2))
ALL = np.ones(9, dtype=bool)
TARGETS = RNG.standard_normal(9)


def model(*, noise: float, roughness: float = 0.1) -> GaussianProcess:
    """Return two processes, the second of which is smoother."""
    logs = [[1.0, 1.5, 0.0, math.log(noise)], [0.0, -0.5, 0.3, math.log(2 * noise)]]
    return GaussianProcess(
        features=PLANE.features(ROWS),
        targets=TARGETS,
        sample=np.array(logs),
        parameter_of=PLANE.parameter_of,
        roughness=roughness,
    )


def imagined(known: GaussianProcess, row: Array, *, n: int) -> tuple[float, float]:
    """Return by how much the lowest mean falls on average once a row is trained, and the error."""
    features = PLANE.features(np.concatenate([ROWS, row[None]]))
    before = known.posterior(known.features)[0].min(axis=1)
    rng = np.random.default_rng(1)
    falls = []
    for _ in range(n):
        after = known.with_fantasies(features[-1:], rng=rng)
        falls.append((before - after.posterior(features)[0].min(axis=1)).mean())
    return float(np.mean(falls)), float(np.std(falls) / math.sqrt(n))


@pytest.mark.parametrize("row", [[0.1, 0.9], [0.55, 0.4], ROWS[0].tolist(), ROWS[3].tolist()])
def test_worth_is_the_fall_of_the_lowest_mean_over_many_imagined_trainings(
    row: list[float],
) -> None:
    known = model(noise=0.4)
    worth = worth_of_training(known, PLANE, may_win=ALL)(np.array([row]))[0]
    expected, error = imagined(known, np.array(row), n=4000)
    assert worth == pytest.approx(expected, abs=5 * error + 0.002)  # and the steps of surprises
    assert worth > 0


def test_a_row_without_luck_is_worth_no_second_training() -> None:
    best = int(TARGETS.argmin())
    exact = worth_of_training(model(noise=1e-4), PLANE, may_win=ALL)
    lucky = worth_of_training(model(noise=0.5), PLANE, may_win=ALL)
    assert exact(ROWS[[best]])[0] < 1e-3 * exact(RNG.random((64, 2))).max()
    assert lucky(ROWS[[best]])[0] > 0.1 * lucky(RNG.random((64, 2))).max()


def test_a_tiny_chance_is_still_ranked() -> None:
    corners = np.array([[0.0, 0.0], [1.0, 1.0]])
    far = GaussianProcess(
        features=PLANE.features(corners),
        targets=np.array([-2.0, 2.0]),
        sample=np.array([[0.0, 0.0, 0.0, math.log(1e-4)]]),
        parameter_of=PLANE.parameter_of,
    )
    new = np.array([[0.8, 0.8], [0.85, 0.85]])
    mean, deviation = far.posterior(PLANE.features(new))
    assert (mean + 2 > 5 * deviation).all()  # further than the surprises that are looked at
    near, away = worth_of_training(far, PLANE, may_win=np.ones(2, dtype=bool))(new)
    assert near > away > 0


def test_the_lowest_are_told_in_order_and_equals_once() -> None:
    known = model(noise=0.1)
    twice = replace(
        known,
        features=np.concatenate([known.features, known.features[:4]]),
        targets=np.concatenate([TARGETS, TARGETS[:4]]),
    )
    order = np.argsort(twice.means.mean(axis=0)[:9]).tolist()
    assert lowest(twice, np.arange(13), n=5).tolist() == order[:5]
    assert len(lowest(twice, np.arange(13), n=50)) == 9
    assert lowest(twice, np.array([3, 8]), n=5).tolist() == [n for n in order if n in (3, 8)]


def test_what_cannot_win_is_not_what_a_training_must_beat() -> None:
    known, best = model(noise=0.01), int(TARGETS.argmin())
    may_win = ALL.copy()
    may_win[best] = False
    beside = ROWS[[best]]
    of_all = worth_of_training(known, PLANE, may_win=ALL)(beside)
    of_others = worth_of_training(known, PLANE, may_win=may_win)(beside)
    assert of_others > of_all + 0.05
    none = worth_of_training(known, PLANE, may_win=np.zeros(9, dtype=bool))(beside)
    assert none == pytest.approx(of_all)


def test_expected_improvement_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(0)
    mean, deviation, best = np.array([0.2, -0.5, 1.5]), np.array([0.5, 0.1, 0.3]), 0.1
    draws = mean + deviation * rng.standard_normal((400_000, 3))
    sampled = np.maximum(best - draws, 0.0).mean(axis=0)
    exact = expected_improvement(mean, deviation, best=np.array(best))
    assert exact == pytest.approx(sampled, abs=5 * 0.5 / math.sqrt(400_000))
    certain = expected_improvement(np.array([-1.0, 1.0]), np.array([1e-9, 1e-9]), best=np.array(0))
    assert certain == pytest.approx([1.0, 0.0])

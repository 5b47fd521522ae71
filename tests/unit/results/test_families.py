"""Is each family's best found, with an interval that means what it says?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.results import Results
from raysearch.results.families import _best_of, _share, standings
from raysearch.trial import Measurement
from tests.recorded import Recorded


@pytest.fixture
def search(tmp_path):
    space = {"width": {"choice": [8, 16]}, "depth": 1}
    return Recorded(tmp_path / "run", model=["cnn", "mlp"], space={"mlp.depth": 1, **space})


def opened(search):
    return Results.open(search.run_dir.path)


def reaching(search, family, *values, n_validated=None):
    """Train trials until one is of the family, and let that one reach the values."""
    engine = search.engine
    while True:
        trial = engine.next_trial()
        engine.attempt_started(trial.id, worker="here:1")
        if trial.configuration["model"] == family:
            break
        engine.finished(trial.id, reason="not of this family")
    for epoch, value in enumerate(values, start=1):
        measured = Measurement(
            epoch=epoch,
            step=epoch,
            values={"val/accuracy": value},
            seconds=epoch,
            n_validated=n_validated,
        )
        engine.measured(trial.id, measured)
    engine.finished(trial.id, reason="ended early")
    return trial.id


def test_each_family_has_its_best_and_the_best_comes_first(search):
    best_mlp = reaching(search, "mlp", 0.7, 0.9, 0.8)
    reaching(search, "mlp", 0.85)
    best_cnn = reaching(search, "cnn", 0.95)
    found = standings(opened(search))
    assert [s.family for s in found] == ["cnn", "mlp"]
    assert [s.best.id for s in found] == [best_cnn, best_mlp]
    assert [s.value for s in found] == [0.95, 0.9]
    assert sum(s.n_trials for s in found) == len(opened(search).state.trials)


def test_a_family_without_a_value_comes_last(search):
    best = reaching(search, "mlp", 0.9)
    cnn = standings(opened(search))[-1]
    assert (cnn.family, cnn.best, cnn.value, cnn.interval) == ("cnn", None, None, None)
    assert standings(opened(search))[0].best.id == best


def test_one_family_alone_is_listed_by_its_name(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    (only,) = standings(opened(search))
    assert (only.family, only.n_trials, only.value) == ("mlp", 1, 0.5)


def test_accuracy_has_the_interval_of_its_examples(search):
    reaching(search, "mlp", 0.9, n_validated=100)
    interval = standings(opened(search))[0].interval
    assert (interval.of, interval.n) == ("examples", 100)
    assert interval.low == pytest.approx(0.8256, abs=1e-4)
    assert interval.high == pytest.approx(0.9448, abs=1e-4)


def test_where_the_examples_are_not_known_it_is_that_of_the_trials(search):
    for value in (0.9, 0.8, 0.7, 0.6):
        reaching(search, "mlp", value)
    interval = standings(opened(search))[0].interval
    assert (interval.of, interval.n, interval.low, interval.high) == ("trials", 4, 0.7, 0.9)


def test_the_document_has_it(search):
    reaching(search, "cnn", 1.0, n_validated=50)
    (first, second) = opened(search).to_json()["families"]
    assert first["family"] == "cnn"
    assert first["interval"] == {
        "low": pytest.approx(0.9287, abs=1e-4),
        "high": 1.0,
        "level": 0.95,
        "of": "examples",
        "n": 50,
    }
    assert second["interval"] is None


@pytest.mark.parametrize(("p", "n"), [(0.9, 50), (0.98, 359), (0.5, 20)])
def test_the_interval_of_examples_covers_the_truth(p, n):
    rng = np.random.default_rng(0)
    shares = rng.binomial(n, p, size=4000) / n
    intervals = [_share(share, n=n) for share in shares]
    covered = np.mean([i.low <= p <= i.high for i in intervals])
    assert covered >= 0.92  # known to swing around 0.95; 0.92 is 8 standard errors below


@pytest.mark.parametrize("n", [2, 5, 12, 60])
def test_the_interval_of_trials_holds_the_best_of_as_many(n):
    rng = np.random.default_rng(0)
    values = sorted(rng.normal(size=n))  # losses, best first
    interval = _best_of(values)
    bests = rng.choice(values, size=(4000, n)).min(axis=1)
    inside = np.mean((interval.low <= bests) & (bests <= interval.high))
    assert inside >= 0.95 - 3 * (0.95 * 0.05 / 4000) ** 0.5
    assert interval.low == values[0]


def test_a_single_trial_has_none():
    assert _best_of([0.5]) is None

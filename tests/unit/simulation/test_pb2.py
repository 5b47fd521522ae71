"""Do bandits choose better than chance where the best moves, and end well, also if killed?"""

from __future__ import annotations

import math

import pytest
from scipy.stats import wilcoxon

from raysearch.engine.lineage import lineage
from raysearch.run_dir import events as ev
from raysearch.schedulers.pb2 import PB2
from raysearch.schedulers.pbt import PBT
from raysearch.searchers.random import Random
from raysearch.simulation import Curve, CurveSettings, ParametricCurves
from raysearch.space import Float, Space
from raysearch.trial import Objective
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, NETWORKS, facts, search

CURVES = ParametricCurves(
    NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.1, diverging=0.1)
)
FIXED = {"depth": "it has weights", "norm": "it has weights", "optimizer": "averages"}

LOSS = Objective(metric="loss", direction="minimize")
MOVING = Space(
    {"rate": Float(1e-4, 1.0, log=True, default=1e-4), "momentum": Float(0.0, 1.0, default=1.0)}
)
EPOCHS = 30


class Moving:
    """A loss that falls the faster the nearer the numbers are to where they are best by now."""

    def curve(self, configuration, *, n_epochs):
        return self.continued(configuration, before=(), n_epochs=n_epochs)

    def continued(self, configuration, *, before, n_epochs):
        done = before[-1].last if before else 0
        stretches = [*((s.last - s.first + 1, s.configuration) for s in before)]
        stretches.append((n_epochs - done, configuration))
        loss, values = 0.0, []
        for n, each in stretches:
            for _ in range(n):
                loss += math.log10(1 - 0.25 * _closeness(each, time=len(values) / EPOCHS))
                values.append(loss)
        return Curve(values={"loss": values}, seconds=1.0)


def _closeness(configuration, *, time):
    rate = MOVING["rate"][0].domain.to_unit(configuration["rate"])
    squared = (rate - (0.9 - 0.7 * time)) ** 2 + (configuration["momentum"] - 0.2 - 0.6 * time) ** 2
    return math.exp(-squared / 0.08)


def moved(kind, seed):
    """Return with which loss a population of five ends."""
    given = {"objective": LOSS, "max_epochs": EPOCHS, "seed": seed}
    done = search(
        Moving(),
        space=MOVING,
        searcher=Random(MOVING, objective=LOSS, seed=seed),
        scheduler=kind(
            **given, space=MOVING, population=5, interval=2, quantile=0.4, synchronous=True
        ),
        objective=LOSS,
        max_epochs=EPOCHS,
        max_trials=5,
        n_workers=2,
    )
    return done.winner.value(LOSS)


def test_it_follows_a_moving_optimum_better_than_random_steps_do():
    gains = [moved(PBT, seed) - moved(PB2, seed) for seed in range(6)]
    assert wilcoxon(gains, alternative="greater").pvalue < 0.05


def run(*, curves=CURVES, **changes):
    return search(
        curves,
        space=NETWORKS,
        scheduler=PB2(
            objective=ACCURACY, max_epochs=MAX_EPOCHS, seed=3, space=NETWORKS, fixed=FIXED,
            population=6, interval=6,
        ),
        **{"searcher": Random(NETWORKS, objective=ACCURACY), "max_trials": 12, **changes},
    )  # fmt: skip


@pytest.mark.parametrize("n_workers", [1, 3])
def test_every_member_ends_with_a_configuration_of_the_space(n_workers):
    simulation = run(n_workers=n_workers)
    trials = simulation.state.trials
    assert len(trials) == 12
    assert all(trial.status.is_ended for trial in trials.values())
    assert lineage(trials)
    for trial in trials.values():
        NETWORKS.validate(trial.configuration)


def test_from_any_prefix_one_worker_goes_on_to_the_same_end():
    whole = run()
    assert len(lineage(whole.state.trials)) > 4
    for end in range(20, len(whole.events) + 1, len(whole.events) // 4):
        while isinstance(whole.events[end - 1], ev.Measured):
            end -= 1  # its checkpoint is written in the same write
        again = run(events=whole.events[:end])
        found = [facts(trial) for trial in again.state.trials.values()]
        assert found == [facts(trial) for trial in whole.state.trials.values()]
        assert lineage(again.state.trials) == lineage(whole.state.trials)

"""The family of curves is what its settings say, whatever the space and the objective."""

from __future__ import annotations

import math

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.simulation import CurveSettings, ParametricCurves
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Objective
from tests.unit.simulation.worlds import NETWORKS

LOSS = Objective(metric="val/loss", direction="minimize")
GAIN = Objective(metric="val/accuracy", direction="maximize")
N_EPOCHS = 27


def family(space=NETWORKS, *, objective=LOSS, seed=0, **settings):
    return ParametricCurves(
        space, objective=objective, seed=seed, settings=CurveSettings(**settings)
    )


def configurations(n, space=NETWORKS):
    rng = np.random.default_rng(7)
    return [space.sample(rng) for _ in range(n)]


def losses(curves, configuration, n_epochs=N_EPOCHS):
    [values] = curves.curve(configuration, n_epochs=n_epochs).values.values()
    return values


@pytest.mark.parametrize("shape", ["power", "exponential"])
def test_without_noise_the_error_falls_from_below_1_towards_an_asymptote(shape):
    curves = family(shape=shape, noise=0.0)
    for configuration in configurations(20):
        found = losses(curves, configuration, 2000)
        assert found == sorted(found, reverse=True)
        assert 0.05 < found[-1] < found[0] < 1
        assert found[-1] - curves.expected(configuration, epoch=10**12) < 0.05


@pytest.mark.parametrize(("shape", "time"), [("power", np.log1p), ("exponential", np.asarray)])
def test_the_shape_is_the_one_named(shape, time):
    curves = family(shape=shape, noise=0.0)
    epochs = np.arange(1, N_EPOCHS + 1)
    for configuration in configurations(5):
        asymptote = curves.expected(configuration, epoch=10**12 if shape == "power" else 10**4)
        falls = np.log(np.array(losses(curves, configuration)) - asymptote)
        line = np.polyfit(time(epochs), falls, 1)
        assert falls == pytest.approx(np.polyval(line, time(epochs)), abs=1e-3)


def test_a_maximised_objective_is_one_minus_the_error():
    for configuration in configurations(5):
        errors = np.array(losses(family(), configuration))
        assert losses(family(objective=GAIN), configuration) == pytest.approx(1 - errors)


def test_a_shorter_curve_is_the_beginning_of_a_longer_one():
    curves = family(diverging=0.5)
    for configuration in configurations(10):
        nine, all_ = losses(curves, configuration, 9), losses(curves, configuration)
        assert np.array_equal(nine, all_[:9], equal_nan=True)


def test_curves_are_the_same_every_time_and_other_ones_for_another_seed():
    for configuration in configurations(5):
        assert losses(family(), configuration) == losses(family(), configuration)
        assert losses(family(), configuration) != losses(family(seed=1), configuration)


def test_noise_has_the_deviation_that_is_set():
    """3 standard deviations of a deviation estimated from 2700 draws: 1 in 370 seeds would fail."""
    noisy, smooth = family(noise=0.05), family(noise=0.0)
    residuals = np.array(
        [np.subtract(losses(noisy, c), losses(smooth, c)) for c in configurations(100)]
    )
    assert residuals.std() == pytest.approx(0.05, abs=3 * 0.05 / math.sqrt(2 * residuals.size))


def crossings(curves, sample):
    early = [curves.expected(c, epoch=1) for c in sample]
    late = [curves.expected(c, epoch=N_EPOCHS) for c in sample]
    return int((np.argsort(early) != np.argsort(late)).sum())


def test_curves_cross_as_much_as_is_set():
    sample = configurations(60)
    counts = [crossings(family(crossing=share), sample) for share in (0.0, 1.0)]
    assert counts[0] == 0
    assert counts[1] > 30


def test_shares_of_failing_and_diverging_trials():
    """4 standard deviations of a binomial of 400 at 0.3: 1 in 16,000 seeds would fail, each."""
    curves = family(failing=0.3, diverging=0.3)
    found = [curves.curve(c, n_epochs=200) for c in configurations(400)]
    slack = 4 * math.sqrt(0.3 * 0.7 / 400)
    assert np.mean([c.raises_in is not None for c in found]) == pytest.approx(0.3, abs=slack)
    last = [math.isnan(c.values["val/loss"][-1]) for c in found]
    assert np.mean(last) == pytest.approx(0.3, abs=slack)


def test_a_diverged_trial_stays_so_and_trouble_leaves_the_rest_as_it_was():
    clean, troubled = family(), family(diverging=1.0, failing=1.0)
    for configuration in configurations(20):
        found = np.array(losses(troubled, configuration))
        n_finite = int(np.isfinite(found).sum())
        assert np.isnan(found[n_finite:]).all()
        assert found[:n_finite].tolist() == losses(clean, configuration)[:n_finite]


def test_a_failure_after_the_last_epoch_never_comes():
    curves = family(failing=1.0)
    raised = {curves.curve(c, n_epochs=2).raises_in for c in configurations(40)}
    assert raised == {None, 1, 2}


def test_epochs_take_from_the_fastest_to_the_slowest_time():
    curves = family(fastest_seconds=2.0, slowest_seconds=20.0)
    found = [curves.curve(c, n_epochs=1).seconds for c in configurations(100)]
    assert 2.0 <= min(found) < max(found) <= 20.0
    assert max(found) / min(found) > 2


def test_spaces_with_branches_of_the_same_key():
    space = Space(
        {
            "model": Choice(
                {"cnn": Space({"width": Int(8, 64, step=8)}), "mlp": Space({"width": Int(32, 512)})}
            ),
            "dropout": Float(0.0, 0.5),
        }
    )
    found = {tuple(losses(family(space), c)) for c in configurations(20, space)}
    assert len(found) == 20


def test_a_configuration_outside_the_space_is_refused():
    with pytest.raises(ConfigurationError, match="depth"):
        family().curve({"depth": 99}, n_epochs=3)


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(ConfigurationError) as caught:
        CurveSettings(shape="powr", noise=-1.0, crossing=2, failing=-0.1, diverging=math.nan)
    message = str(caught.value)
    assert "powr is not a shape of learning curves. Did you mean power?" in message
    for key in ("noise is -1.0", "crossing is 2", "failing is -0.1", "diverging is nan"):
        assert f"curves.{key}" in message
    with pytest.raises(ConfigurationError, match=r"slowest_seconds is 1.0.*at least 2.0"):
        CurveSettings(fastest_seconds=2.0, slowest_seconds=1.0)

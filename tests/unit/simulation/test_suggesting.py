"""What a slow searcher costs in simulated time, and what asking it ahead is worth."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.run_dir import events as ev
from raysearch.schedulers.asha import ASHA
from raysearch.schedulers.none import NoScheduler
from raysearch.schedulers.successive_halving import SuccessiveHalving
from raysearch.simulation import Conditions, Simulation
from raysearch.trial import TrialStatus, trial_id
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, facts, search, table

CURVES = table(lambda width, epoch: 0.5, seconds_of=lambda width: 1.0 if width % 2 else 1.1)
N_TRIALS = 12


def slow(*, n_workers: int, **conditions: float) -> Simulation:
    return search(
        CURVES,
        max_epochs=3,
        max_trials=N_TRIALS,
        scheduler=NoScheduler(objective=ACCURACY, max_epochs=3),
        n_workers=n_workers,
        conditions=Conditions(**conditions),
    )


def promotion() -> ASHA:
    return ASHA(objective=ACCURACY, max_epochs=MAX_EPOCHS, form="promotion")


def successive_halving() -> SuccessiveHalving:
    return SuccessiveHalving(objective=ACCURACY, max_epochs=MAX_EPOCHS, n_trials=9)


def n_observed(simulation: Simulation) -> list[int | None]:
    return [e.n_observed for e in simulation.events if isinstance(e, ev.TrialCreated)]


def test_one_worker_waits_for_every_suggestion():
    quick, asked = slow(n_workers=1), slow(n_workers=1, suggestion_seconds=0.5)
    assert asked.state.seconds == pytest.approx(quick.state.seconds + 0.5 * (N_TRIALS - 1))
    assert [facts(t) for t in asked.state.trials.values()] == [
        facts(t) for t in quick.state.trials.values()
    ]
    assert n_observed(asked) == n_observed(quick) == [None, *range(1, N_TRIALS)]


def test_several_workers_wait_less_where_the_searcher_is_asked_ahead():
    quick = slow(n_workers=2).state.seconds
    waiting = slow(n_workers=2, suggestion_seconds=0.5, suggests_ahead=False).state.seconds
    ahead = slow(n_workers=2, suggestion_seconds=0.5).state.seconds
    assert waiting > quick + 2.0
    assert ahead - quick < (waiting - quick) / 3


def test_a_suggestion_made_ahead_knows_less():
    """With two workers, each time the one trial that ends as it is taken."""
    known = n_observed(slow(n_workers=2, suggestion_seconds=0.5))
    fresh = n_observed(slow(n_workers=2, suggestion_seconds=0.5, suggests_ahead=False))
    assert known[0] is None
    assert all(a <= b for a, b in zip(known[1:], fresh[1:], strict=True))
    assert known[-1] == fresh[-1] - 1


def test_a_suggestion_that_is_quick_beside_the_trials_is_not_made_ahead():
    """Once it is known how long they train."""
    quick = {"suggestion_seconds": 0.025}  # of three seconds: less than a hundredth
    assert n_observed(slow(n_workers=2, **quick))[3:] == [*range(2, N_TRIALS - 1)]


def test_what_is_under_way_when_the_budget_is_used_up_is_no_trial():
    ended = search(
        CURVES, max_total_epochs=30, n_workers=3, conditions=Conditions(suggestion_seconds=0.5)
    )
    assert ended.state.reason == "budget of 30 epochs used"
    assert list(ended.state.trials) == [trial_id(n) for n in range(len(ended.state.trials))]
    assert all(trial.attempts == 1 for trial in ended.state.trials.values())


def test_a_time_below_nothing_is_refused():
    with pytest.raises(ConfigurationError, match=r"suggestion_seconds is -1"):
        Conditions(suggestion_seconds=-1.0)


@pytest.mark.parametrize("method", [promotion, successive_halving], ids=["promotion", "rounds"])
@pytest.mark.parametrize("suggests_ahead", [True, False])
def test_paused_trials_are_not_given_up_while_a_suggestion_is_under_way(method, suggests_ahead):
    """A free worker without a trial is not the same as a search without trials to come."""
    given = {"max_trials": 30, "scheduler": method(), "n_workers": 3}
    conditions = Conditions(suggestion_seconds=2.5, suggests_ahead=suggests_ahead)
    ended = search(CURVES, **given, conditions=conditions)
    quick = search(CURVES, **{**given, "scheduler": method()})
    assert ended.state.reason == quick.state.reason == "budget of 30 trials used"
    assert not [t.id for t in ended.state.trials.values() if "never promoted" in (t.reason or "")]
    assert {t.status for t in ended.state.live.values()} <= {TrialStatus.PAUSED}

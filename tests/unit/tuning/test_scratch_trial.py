"""Does Ray Tune say nothing of the trials that it is given? Without Ray being started."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.utils.callback import _create_default_callbacks
from ray.tune.utils.log import set_verbosity

from raysearch.tuning.scratch_trial import SaysNothing

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune

READY = SimpleNamespace(last_result={}, config={}, local_path="")
"""A trial that has only made its actor ready."""


def told(callback: TrialProgressCallback) -> None:
    told = {"iteration": 1, "trials": [READY], "trial": READY}
    callback.on_trial_result(**told, result={"done": True})
    callback.on_trial_complete(**told)
    callback.on_trial_error(**told)


def test_nothing_is_printed_of_a_trial(capsys):
    set_verbosity(0)
    told(SaysNothing())
    assert capsys.readouterr() == ("", "")


def test_ray_tune_puts_no_callback_of_its_own_beside_it(monkeypatch):
    monkeypatch.setenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    given = SaysNothing()
    callbacks = _create_default_callbacks([given], air_verbosity=None)
    assert [c for c in callbacks if isinstance(c, TrialProgressCallback)] == [given]

"""Is it drawn how much of the machines was idle?"""

from __future__ import annotations

import pytest

from raysearch.report.machines import area, in_use, machines
from raysearch.report.shown import shown
from raysearch.results import Results
from raysearch.results.chronicle import Attempt
from tests.recorded import Recorded

HAS = {"cpus": 4.0, "gpus": 8.0, "nodes": 2.0, "slots": 4.0}


def drawn(search):
    search.finish()
    (run,) = shown([Results.read(search.run_dir.path)])
    return run, machines(run)


def test_what_was_there_and_what_was_in_use_is_drawn(tmp_path):
    search = Recorded(tmp_path / "run", resources={"cpus": 2})
    has = dict(HAS)
    search.engine.know_capacity(lambda: has)
    search.trial(0.5, 0.6)
    has = {**HAS, "cpus": 2.0}
    search.trial(0.7, 0.8)
    run, figure = drawn(search)
    assert figure is not None
    assert figure.title == "CPUs"
    there, used = figure.panels[0].series
    assert list(there.y) == [4.0, 2.0, 2.0]
    assert there.x[0] == 0.0
    assert set(used.y) == {0.0, 2.0}
    total = run.chronicle.seconds
    busy = 2 * sum(a.ended_s - a.started_s for a in run.chronicle.attempts)
    changed = run.chronicle.capacities[1][0]
    had = 4 * changed + 2 * (total - changed)
    assert f"idle {100 * (1 - busy / had):.0f} % of that" in figure.caption


def test_gpus_are_drawn_where_trials_take_some(tmp_path):
    search = Recorded(tmp_path / "run", resources={"cpus": 1, "gpus": 1, "workers": 2})
    search.engine.know_capacity(lambda: HAS)
    search.trial(0.5, 0.6)
    _, figure = drawn(search)
    assert figure is not None
    assert figure.title == "GPUs"
    there, used = figure.panels[0].series
    assert max(there.y) == 8.0
    assert max(used.y) == 2.0


def test_a_journal_that_does_not_say_gives_no_figure(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5, 0.6)
    assert drawn(search)[1] is None


def test_attempts_that_follow_each_other_at_once_never_look_like_two():
    told = {"trial": "0000", "worker": "vm:1", "outcome": "completed"}
    attempts = [Attempt(started_s=start, ended_s=start + 1.0, **told) for start in (0.0, 1.0, 2.0)]
    steps = in_use(attempts, each=1.0)
    assert max(value for _, value in steps) == 1.0
    assert area(steps, end=4.0) == pytest.approx(3.0)

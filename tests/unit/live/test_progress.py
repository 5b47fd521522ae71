from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from raysearch.engine import Plan
from raysearch.live.frame import share_used
from raysearch.live.phrases import budget_used
from raysearch.live.progress import N_RECENT, Progress, Snapshot
from raysearch.run_dir import events as ev
from raysearch.trial import Objective, SearchStatus


@pytest.fixture
def plan(objective: Objective) -> Plan:
    return Plan(objective=objective, max_epochs=9, max_trials=20)


def now(progress: Progress, story: Any) -> Snapshot:
    snapshot = progress.snapshot(at=story.now)
    assert snapshot is not None
    return snapshot


def test_there_is_nothing_to_show_before_the_first_event(plan: Plan) -> None:
    assert Progress(plan).snapshot(at=5.0) is None


def test_counts_follow_the_statuses(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    a, b, c = story.trial({"x": 1}), story.trial({"x": 2}), story.trial({"x": 3}, starts=False)
    story.epoch(a, 0.5)
    story.end(a, "stopped", reason="rung 1")
    story.end(b, "failed", error="boom")
    snapshot = now(progress, story)
    assert {s: n for s, n in snapshot.counts.items() if n} == {
        "pending": 1,
        "stopped": 1,
        "failed": 1,
    }
    assert snapshot.ended == 2
    assert [trial.id for trial in snapshot.recent] == [b, a]
    assert c not in [running.trial.id for running in snapshot.running]


def test_the_incumbent_and_its_curve(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    news: list[bool] = []
    story = new_story(lambda event, state: news.append(progress.update(event, state))).start()
    a = story.trial({"x": 1})
    story.epoch(a, 0.5, None, 0.4, 0.5)
    story.end(a)
    b = story.trial({"x": 2})
    story.epoch(b, 0.7)
    best = now(progress, story).incumbent
    assert best is not None
    assert (best.trial.id, best.epoch, best.value) == (b, 1, 0.7)
    assert now(progress, story).curve == ((1, 0.5), (5, 0.7))
    assert news.count(True) == 2


def test_a_smaller_loss_is_better(new_story: Any, plan: Plan, objective: Objective) -> None:
    progress = Progress(replace(plan, objective=replace(objective, direction="minimize")))
    story = new_story(progress.update).start()
    story.epoch(story.trial({}), 0.5, 0.3, 0.4)
    best = now(progress, story).incumbent
    assert best is not None
    assert (best.epoch, best.value) == (2, 0.3)


def test_the_time_of_a_running_trial_goes_on_between_measurements(
    new_story: Any, plan: Plan
) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    a = story.trial({})
    story.epoch(a, 0.5)
    story.now += 41
    assert [running.seconds for running in now(progress, story).running] == [42.0]


def test_elapsed_leaves_out_the_pause_before_a_resume(new_story: Any, plan: Plan) -> None:
    story = new_story().start()
    a = story.trial({})
    story.epoch(a, 0.5, 0.6)
    story.finish("interrupted")
    story.now += 5000
    progress = Progress(plan)
    story.listeners.append(progress.update)
    story.resume()
    story.now += 3
    snapshot = now(progress, story)
    assert snapshot.elapsed_s == pytest.approx(5.0)
    assert snapshot.incumbent is not None
    assert snapshot.incumbent.value == 0.6


def test_a_resumed_search_shows_what_was_there(new_story: Any, plan: Plan) -> None:
    story = new_story().start()
    for value in (0.5, 0.9, 0.7):
        trial = story.trial({"x": value})
        story.epoch(trial, value)
        story.end(trial)
    left_over = story.trial({"x": 0})
    story.epoch(left_over, 0.95)
    story.finish("interrupted")
    late = Progress(plan)
    story.listeners.append(late.update)
    story.resume()
    story.attempt(left_over)
    snapshot = now(late, story)
    assert snapshot.ended == 3
    assert [trial.id for trial in snapshot.recent] == ["0002", "0001", "0000"]
    assert snapshot.curve == ((1, 0.5), (2, 0.9), (4, 0.95))
    assert [running.trial.id for running in snapshot.running] == [left_over]


def test_time_left_follows_the_trials_that_remain(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    for _ in range(3):
        story.epoch(story.trial({}), 0.5)
        story.end(list(story.state.trials)[-1])
    assert now(progress, story).left is None
    for _ in range(7):
        story.epoch(story.trial({}), 0.5)
        story.end(list(story.state.trials)[-1])
    left = now(progress, story).left
    assert left is not None
    assert left.high_s == pytest.approx(10.0)  # ten trials at one second each
    assert not left.is_limit


def test_paused_trials_are_done_for_now(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    for _ in range(10):
        trial = story.trial({})
        story.epoch(trial, 0.5)
        decided = ev.Decided(at=story.now, trial=trial, epoch=1, kind="pause", reason="rung 1")
        story.tell(decided)
    snapshot = now(progress, story)
    assert (snapshot.paused, snapshot.ended, snapshot.running) == (10, 0, ())
    assert snapshot.left is not None
    assert snapshot.left.high_s == pytest.approx(10.0)  # as if the ten had ended
    assert budget_used(snapshot, plan=plan).startswith("10/20 trials (10 paused)")
    assert share_used(snapshot, plan=plan) == 0.5
    story.tell(replace(decided, kind="continue", reason="promoted from rung 1"))
    story.attempt(decided.trial)
    snapshot = now(progress, story)
    assert (snapshot.paused, [r.trial.id for r in snapshot.running]) == (9, [decided.trial])
    assert budget_used(snapshot, plan=plan).startswith("10/20 trials (9 paused)")
    assert share_used(snapshot, plan=plan) == 0.5  # the bar does not run backwards
    assert snapshot.restarts == 0
    story.end(decided.trial)
    assert progress._end_rate is not None
    assert progress._end_rate._count == 10  # it gave its worker away before


def test_members_of_a_population_that_pause_are_not_done(new_story: Any, plan: Plan) -> None:
    """All of them go on to their last epoch, which takes most of the search."""
    plan = replace(plan, max_trials=10, pauses_end=False)
    progress = Progress(plan)
    story = new_story(progress.update).start()
    for _ in range(10):
        trial = story.trial({})
        story.epoch(trial, 0.5)
        story.tell(
            ev.Decided(at=story.now, trial=trial, epoch=1, kind="pause", reason="waits: rung 1")
        )
    snapshot = now(progress, story)
    assert budget_used(snapshot, plan=plan).startswith("0/10 trials (10 paused)")
    assert share_used(snapshot, plan=plan) == pytest.approx(10 / 90)
    assert snapshot.left is not None
    assert snapshot.epochs_per_s is not None
    assert snapshot.left.high_s == pytest.approx(80 / snapshot.epochs_per_s)  # 8 epochs each


def test_a_budget_of_minutes_limits_the_time_left(new_story: Any, plan: Plan) -> None:
    progress = Progress(replace(plan, max_trials=None, max_seconds=100.0))
    story = new_story(progress.update).start()
    story.now += 30
    left = now(progress, story).left
    assert left is not None
    assert (left.high_s, left.is_limit) == (70.0, True)


def test_the_first_budget_to_be_used_up_is_when_the_search_ends(new_story: Any, plan: Plan) -> None:
    progress = Progress(replace(plan, max_total_epochs=30))
    story = new_story(progress.update).start()
    for _ in range(10):
        story.epoch(story.trial({}), 0.5, 0.6)
        story.end(list(story.state.trials)[-1])
    left = now(progress, story).left
    assert left is not None
    assert left.high_s == pytest.approx(10.0)  # of 30 epochs at one a second; trials: 20 seconds
    assert not left.is_limit


def test_gpu_hours_go_by_as_fast_as_there_are_gpus_at_work(new_story: Any, plan: Plan) -> None:
    progress = Progress(replace(plan, max_trials=None, max_gpu_hours=0.01))  # 36 seconds of a GPU
    story = new_story(progress.update)
    settings = {"resources": {"gpus": 0.5}}
    story.tell(ev.SearchStarted(at=story.now, settings=settings, space={}, versions={}))
    assert now(progress, story).left is None
    a, b = story.trial({}), story.trial({})
    story.epoch(a, *[0.5] * 12)
    left = now(progress, story).left
    assert left is not None
    assert left.high_s == pytest.approx(30.0)  # 6 are used; two trials use one in a second
    story.end(b)
    left = now(progress, story).left
    assert left is not None
    assert left.high_s == pytest.approx(60.0)
    assert now(progress, story).gpu_seconds == pytest.approx(6.0)


@pytest.mark.parametrize("goal", [{"target": 0.99}, {"patience": 30}])
def test_a_goal_may_end_the_search_at_any_time(
    new_story: Any, plan: Plan, goal: dict[str, Any]
) -> None:
    progress = Progress(replace(plan, max_total_epochs=30, **goal))
    story = new_story(progress.update).start()
    story.epoch(story.trial({}), *[0.5] * 10)
    left = now(progress, story).left
    assert left is not None
    assert (left.low_s, left.high_s, left.is_limit) == (0.0, pytest.approx(20.0), True)
    without = Progress(replace(plan, max_trials=None, **goal))
    story.listeners.append(without.update)
    story.epoch("0000", 0.5)
    assert now(without, story).left is None


def test_recent_ends_are_bounded(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    for _ in range(N_RECENT + 10):
        story.end(story.trial({}), "rejected", reason="too large")
    assert len(now(progress, story).recent) == N_RECENT
    assert now(progress, story).ended == N_RECENT + 10


def test_the_end_of_the_search_is_seen(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    story.now += 7
    story.finish("finished", "budget used")
    story.now += 100
    snapshot = now(progress, story)
    assert snapshot.status is SearchStatus.FINISHED
    assert (snapshot.reason, snapshot.elapsed_s) == ("budget used", 7.0)


def test_another_thread_may_look_at_any_time(new_story: Any, plan: Plan) -> None:
    progress = Progress(plan)
    story = new_story(progress.update).start()
    faults: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.wait(0.0001):  # a pause: who asks without one starves who tells
                progress.snapshot(at=story.now)
        except BaseException as fault:  # noqa: BLE001 - reported by the assertion below
            faults.append(fault)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        for i in range(2000):
            trial = story.trial({"x": i})
            if i % 3:
                story.end(trial)
    finally:
        done.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    assert not faults
    assert now(progress, story).ended == 1333

"""Who goes on is the same in every order of reports, and nobody waits for what is certain."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from raysearch.schedulers.bracket import Bracket
from raysearch.schedulers.bracket_plans import BracketPlan
from raysearch.trial import DecisionKind, Measurement, Objective, Trial, TrialStatus

LOSS = Objective(metric="loss", direction="minimize")
PLAN = BracketPlan(sizes=(4, 2, 1), levels=(1, 2, 4))


class Course:
    """A bracket whose trials report when the test says so."""

    def __init__(self, plan=PLAN):
        self.bracket = Bracket(plan, first=0, objective=LOSS, name="bracket 7")
        self.paused = {}

    def trial(self, number, epoch):
        measured = Measurement(epoch=epoch, step=epoch, values={"loss": 0.0}, seconds=1.0)
        return Trial(id=f"{number:04d}", number=number, configuration={}, measurements=(measured,))

    def report(self, number, *, epoch, loss):
        trial = self.trial(number, epoch)
        self.paused.pop(trial.id, None)
        decision = self.bracket.report(trial, loss=loss)
        if decision.kind is DecisionKind.PAUSE:
            self.paused[trial.id] = trial
        elif decision.kind is DecisionKind.STOP:
            self.end(number, epoch=epoch)
        return decision

    def end(self, number, *, epoch):
        trial = replace(self.trial(number, epoch), status=TrialStatus.FAILED)
        self.paused.pop(trial.id, None)
        self.bracket.end(trial)

    def verdict(self, *, n_begun=4, more_to_come=True):
        """Return whom the bracket lets go on or stops, and carry it out."""
        verdict = self.bracket.decide_paused(
            self.paused, n_begun=n_begun, more_to_come=more_to_come
        )
        if verdict is None:
            return None
        trial = self.paused.pop(verdict.trial)
        if verdict.decision.kind is DecisionKind.STOP:
            self.bracket.end(trial)
        return trial.number, verdict.decision.kind, verdict.decision.reason


def test_a_trial_waits_until_it_is_certain():
    course = Course()
    first = course.report(0, epoch=1, loss=0.5)
    assert (first.kind, first.reason) == (
        "pause",
        "bracket 7, rung 1: rank 1 of 1, no cutoff yet, 3 to come, 2 go on",
    )
    assert course.report(1, epoch=1, loss=0.4).kind is DecisionKind.PAUSE
    assert course.verdict() is None
    worst = course.report(2, epoch=1, loss=0.6)  # two are better, so it is out at once
    assert (worst.kind, worst.reason) == (
        "stop",
        "bracket 7, rung 1: rank 3 of 3, cutoff 0.5, 1 to come, 2 go on",
    )
    # whatever comes, 1 is among the best two; 0 may not be
    assert course.verdict() == (
        1,
        "continue",
        "promoted from bracket 7, rung 1: rank 1 of 3, cutoff 0.5, 1 to come, 2 go on",
    )
    assert course.verdict() is None
    assert course.report(3, epoch=1, loss=0.45).kind is DecisionKind.CONTINUE
    assert course.verdict() == (
        0,
        "stop",
        "bracket 7, rung 1: rank 3 of 4, cutoff 0.45, 2 go on",
    )


def outcome(order, losses):
    """Return who reaches which level if trials report in an order, each as soon as it may."""
    course, reached = Course(), {}
    queue = [(number, 1) for number in order]
    while queue:
        number, epoch = queue.pop(0)
        decision = course.report(number, epoch=epoch, loss=losses[number] / epoch)
        reached[number] = epoch
        if decision.kind is DecisionKind.CONTINUE and epoch == 1:
            queue.append((number, 2))
        while (verdict := course.verdict()) is not None:
            if verdict[1] is DecisionKind.CONTINUE:
                queue.append((verdict[0], 2 if reached[verdict[0]] == 1 else 4))
    return {n: e for n, e in reached.items() if e < 4}


def test_the_order_of_reports_does_not_matter():
    losses = [0.5, 0.4, 0.6, 0.45]
    outcomes = [outcome(order, losses) for order in itertools.permutations(range(4))]
    assert all(found == {0: 1, 1: 2, 2: 1, 3: 2} or found == {0: 1, 2: 1, 3: 2}
               for found in outcomes)  # fmt: skip


def test_of_equals_the_earlier_ones_go_on():
    course = Course()
    kinds = [course.report(n, epoch=1, loss=0.5).kind for n in (3, 2, 1, 0)]
    assert kinds == ["pause", "pause", "continue", "continue"]
    verdicts = list(iter(course.verdict, None))
    assert [(n, kind) for n, kind, _ in verdicts] == [(3, "stop"), (2, "stop")]


def test_a_failed_trial_is_not_waited_for():
    course = Course()
    course.report(0, epoch=1, loss=0.5)
    course.report(1, epoch=1, loss=0.4)
    course.end(2, epoch=0)
    assert course.verdict()[:2] == (1, "continue")
    course.end(3, epoch=0)
    assert course.verdict()[:2] == (0, "continue")


def test_one_that_fails_after_it_went_on_leaves_its_place_empty():
    course = Course()
    for number, loss in enumerate([0.5, 0.4, 0.6, 0.45]):
        course.report(number, epoch=1, loss=loss)
    while course.verdict() is not None:
        pass
    course.end(1, epoch=1)
    assert course.report(3, epoch=2, loss=0.3).kind is DecisionKind.CONTINUE  # nobody else comes


def test_a_value_that_is_not_finite_stops_and_counts_as_the_worst():
    course = Course()
    decision = course.report(0, epoch=1, loss=math.inf)
    assert (decision.kind, decision.reason) == ("stop", "bracket 7, rung 1: loss is not finite")
    kinds = [course.report(n, epoch=1, loss=0.1 * n).kind for n in (1, 2, 3)]
    assert kinds == ["pause", "pause", "stop"]
    assert [n for n, _, _ in iter(course.verdict, None)] == [1, 2]  # both go on


def test_a_bracket_that_gets_no_more_trials_is_smaller():
    course = Course(BracketPlan(sizes=(9, 3, 1), levels=(1, 2, 4)))
    for number, loss in enumerate([0.5, 0.4, 0.6, 0.45]):
        course.report(number, epoch=1, loss=loss)
    assert course.verdict()[:2] == (2, "stop")  # of 9, the best 3 would go on
    assert course.verdict() is None
    stopped = [course.verdict(more_to_come=False) for _ in range(2)]
    assert [(n, kind) for n, kind, _ in stopped] == [(0, "stop"), (3, "stop")]
    assert course.verdict(more_to_come=False) == (
        1,
        "continue",
        "promoted from bracket 7, rung 1: rank 1 of 4, cutoff 0.4, 1 go on",
    )


@pytest.mark.parametrize(("loss_of_default", "going"), [(0.0, {2}), (9.0, {1, 2})])
def test_one_that_goes_on_all_the_same_is_compared_and_takes_no_further_place(
    loss_of_default, going
):
    course = Course()
    course.report(0, epoch=1, loss=loss_of_default)
    course.paused.pop("0000", None)  # the engine lets it go on
    found = set()
    for number, loss in ((1, 0.4), (2, 0.3), (3, 0.5)):
        if course.report(number, epoch=1, loss=loss).kind is DecisionKind.CONTINUE:
            found.add(number)
    course.report(0, epoch=2, loss=loss_of_default)
    course.paused.pop("0000", None)
    while (verdict := course.verdict()) is not None:
        if verdict[1] is DecisionKind.CONTINUE:
            found.add(verdict[0])
    assert found == going
    kinds = {n: course.report(n, epoch=2, loss=0.4 - 0.1 * (n == 2)).kind for n in sorted(going)}
    if loss_of_default:
        assert kinds == {1: "pause", 2: "continue"}  # 1 was waiting for 2, not for the default
        assert course.verdict()[:2] == (1, "stop")
    else:
        assert kinds == {2: "stop"}  # one goes on from here, and the default is better
    assert not course.paused

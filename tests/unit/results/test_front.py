"""Who is on the front, who of it wins, and what is said of those that are not there?"""

from __future__ import annotations

import pytest

from raysearch.cli.aims import front_facts, front_rows, rejected_facts
from raysearch.cli.summary import winner_facts
from raysearch.results import Results
from raysearch.results.front import BEYOND, by_choice, hypervolume_curve, pareto_front
from raysearch.trial import Measurement, Objective, Trial, TrialStatus
from tests.recorded import Bytes, Recorded

POINTS = [(0.90, 900.0), (0.99, 5000.0), (0.98, 800.0), (0.50, 100.0), (0.97, 4000.0)]
"""Accuracy and parameters: 0 is beaten by 2, 4 by 2 as well; the front bends at 2."""


def begun(tmp_path, points=POINTS, **settings) -> Recorded:
    given = {
        "objectives": ["val/accuracy", "params"],
        "constraints": {"params": "<= 10000"},
        **settings,
    }
    search = Recorded(tmp_path / "run", **given)
    for accuracy, params in points:
        search.begin(0.1, accuracy, costs={"params": params})
        search.engine.finished(f"{len(search.engine.state.trials) - 1:04d}", reason="done")
    return search


def recorded(tmp_path, points=POINTS, **settings) -> Recorded:
    return begun(tmp_path, points, **settings).finish()


def opened(search) -> Results:
    return Results.open(search.run_dir.path)


@pytest.fixture
def results(tmp_path):
    return opened(recorded(tmp_path))


def test_the_front_has_those_that_none_beats_and_the_knee_of_it_wins(results):
    assert [trial.id for trial in results.front] == ["0001", "0002", "0003"]
    assert results.winner.id == "0002"
    assert results.chosen_by(results.winner) == "front"
    assert results.ranking()[0].id == "0001"


@pytest.mark.parametrize(
    ("choose", "winner"),
    [
        ({"by": "weighted", "weights": {"params": 0.0}}, "0001"),
        ({"by": "weighted", "weights": {"params": 20.0}}, "0003"),
        ({"by": "lexicographic"}, "0001"),
        ({"by": "lexicographic", "tolerances": {"val/accuracy": 0.015}}, "0002"),
        ({"by": "lexicographic", "order": ["params"]}, "0003"),
    ],
)
def test_the_file_says_who_wins(tmp_path, choose, winner):
    assert opened(recorded(tmp_path, choose=choose)).winner.id == winner


def test_what_was_stopped_early_wins_only_where_nothing_on_the_front_was_trained_in_full(tmp_path):
    search = begun(tmp_path, choose={"by": "lexicographic", "order": ["params"]})
    search.scheduler.reason = "too bad"
    stopped = search.begin(0.2, costs={"params": 10.0})
    results = opened(search.finish())
    assert stopped.id in {trial.id for trial in results.front}
    assert results.winner.id == "0003"  # the smallest of those trained in full
    why = results.to_json()["winner"]["chosen_because"]
    assert why.endswith("of a front of 4 trials, from the 3 that were trained in full")


def test_where_the_model_of_the_chosen_one_is_lost_the_next_choice_wins(tmp_path):
    search = recorded(tmp_path)
    for path in (search.run_dir.path / "trials" / "0002").iterdir():
        path.unlink()
    results = opened(search)
    assert results.winner.id == "0000"  # of what is left, the front bends there
    assert [lost.trial.id for lost in results.selection.passed_over] == ["0002"]


def test_the_document_has_front_hypervolume_and_reason(results):
    document = results.to_json()
    assert [each["metric"] for each in document["objectives"]] == ["val/accuracy", "params"]
    assert document["pareto_front"] == ["0001", "0002", "0003"]
    assert document["constraints"] == {"params": "<= 10000"}
    assert document["winner"]["chosen_by"] == "front"
    assert document["winner"]["chosen_because"] == "knee of a front of 3 trials"
    assert document["winner"]["values"]["params"] == 800.0
    shares = [each["share"] for each in document["hypervolume"]]
    assert [each["trial"] for each in document["hypervolume"]] == ["0000", "0001", "0002", "0003"]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_the_hypervolume_of_a_single_point_is_what_it_dominates(tmp_path):
    results = opened(recorded(tmp_path, points=[(0.5, 10.0), (0.9, 5.0)]))
    curve = hypervolume_curve(results.state.trials.values(), results.objectives)
    assert curve[0].share == pytest.approx((BEYOND / (1 + BEYOND)) ** 2)
    assert curve[1].share == pytest.approx(1.0)


def test_a_rejected_trial_is_told_with_its_reason_and_ranks_nowhere(tmp_path):
    search = recorded(tmp_path, points=[*POINTS, (0.99, 20000.0), (0.99, 12000.0)])
    results = opened(search)
    assert "0006" not in {trial.id for trial in [*results.ranking(), *results.front]}
    (fact,) = rejected_facts(results)
    assert fact == (
        "rejected",
        "2 trials before training; the closest, 0006: params is 12000, and must be <= 10000",
    )
    entry = results.to_json()["trials"][5]
    assert (entry["status"], entry["epochs"]) == ("rejected", 0)
    assert entry["values"] == {"params": 20000.0}
    assert entry["reason"] == "params is 20000, and must be <= 10000"


def test_the_table_and_the_summary_name_the_chosen_one(results):
    assert [row[0] for row in front_rows(results)] == ["0001", "0002 *", "0003"]
    facts = dict(winner_facts(results))
    assert facts["winner"].startswith("trial 0002, epoch 2 of 2 (chosen of the front; the best")
    assert facts["chosen for"] == "knee of a front of 3 trials"
    assert facts["params"] == "800"


def test_trials_without_a_metric_that_others_report_are_named(tmp_path):
    search = Recorded(tmp_path / "run", objectives=["val/accuracy", "val/f1"])
    for values in ({"val/accuracy": 0.9, "val/f1": 0.8}, {"val/accuracy": 0.95}):
        trial = search.begin()
        search.engine.measured(trial.id, Measurement(epoch=1, step=1, values=values, seconds=1.0))
        search.engine.finished(trial.id, reason="done")
    results = opened(search.finish())
    assert [trial.id for trial in results.front] == ["0000"]
    text = " ".join(value for _, value in front_facts(results))
    assert "not on it: 0001, without a finite val/f1" in text


def test_a_constant_objective_is_said(tmp_path):
    search = recorded(tmp_path, points=[(0.5, 70.0), (0.9, 70.0)])
    text = " ".join(value for _, value in front_facts(opened(search)))
    assert "params is 70 in all 2 trials, so it tells none of them apart" in text


def test_with_one_objective_nothing_of_it_is_said(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5, 0.9)
    results = opened(search.finish())
    assert front_facts(results) == rejected_facts(results) == []
    assert results.to_json()["hypervolume"] == []
    assert results.to_json()["pareto_front"] == ["0000"]
    assert results.chosen_by(results.winner) == "value"


def test_the_chosen_one_is_handed_over(tmp_path):
    search = recorded(tmp_path)
    assert opened(search).refit(executor=Bytes()).trial == "0002"


AIMS = [
    Objective(metric="val/accuracy", direction="maximize"),
    Objective(metric="params", direction="minimize"),
]


def of_folds(number, accuracy, params, *, n_folds):
    values = {"val/accuracy": accuracy, "params": params}
    measured = Measurement(epoch=1, step=1, values=values, seconds=1.0)
    return Trial(
        id=f"{number:04d}",
        number=number,
        configuration={},
        status=TrialStatus.COMPLETED if n_folds == 3 else TrialStatus.STOPPED,
        measurements=(measured,),
        folds=((measured,),) * n_folds,
        ended_at=float(number),
    )


def test_trials_of_fewer_folds_are_on_no_front_and_win_last():
    trials = [
        of_folds(0, 0.9, 100.0, n_folds=3),
        of_folds(1, 0.99, 50.0, n_folds=1),  # beats all, on an easy fold
        of_folds(2, 0.8, 90.0, n_folds=3),
        of_folds(3, 0.95, 60.0, n_folds=2),
    ]
    assert [trial.id for trial in pareto_front(trials, AIMS)] == ["0000", "0002"]
    assert [covered.trial for covered in hypervolume_curve(trials, AIMS)] == ["0000", "0002"]
    chosen = by_choice(trials, AIMS, choose={"by": "lexicographic"})
    assert [trial.id for trial in chosen] == ["0000", "0002", "0003", "0001"]
    assert [trial.id for trial in pareto_front(trials[1:2], AIMS)] == ["0001"]

"""Leaders are trained again with several seeds, and the best mean wins."""

from __future__ import annotations

import pytest

from raysearch.errors import TrialFailed
from raysearch.experiment.select import Select
from raysearch.results.leaders import Leader, by_mean, leaders_of
from raysearch.run_dir import events as ev
from raysearch.trial import Measurement, Objective, SearchStatus, Trial
from tests.lab import ACCURACY, trained
from tests.recorded import Bytes
from tests.unit.results.again import LUCKY, Again, led, opened


def repeats(search):
    return [
        (event.trial, event.repeat, event.epoch, event.values["val/accuracy"])
        for event in search.run_dir.events()
        if isinstance(event, ev.Measured) and event.repeat
    ]


@pytest.fixture
def four(tmp_path):
    return led(tmp_path / "run").finish()


def test_the_best_mean_wins_and_is_refitted(four):
    executor, said = Again(LUCKY), []
    model = opened(four).refit(executor=executor, say=said.append)
    assert executor.trained == [
        ("0001", 1, 2), ("0003", 1, 2), ("0002", 1, 1),
        ("0001", 2, 2), ("0003", 2, 2), ("0002", 2, 1),
    ]  # fmt: skip
    assert repeats(four)[:2] == [("0001", 1, 2, 0.8), ("0003", 1, 2, 0.84)]
    assert (model.trial, executor.refits) == ("0003", [("0003", 2)])
    assert said[0] == "training 3 leaders again on training data, with 2 seeds each"
    assert said[1] == "leader 0001, seed 1 of 2: val/accuracy 0.8 (1/6)"
    results = opened(four)
    assert (results.winner.id, results.chosen_by(results.winner)) == ("0003", "seeds")
    assert results.ranking()[0].id == "0001"  # the ranking stays that of the search


def test_the_document_has_the_leaders(four):
    opened(four).refit(executor=Again(LUCKY))
    document = opened(four).to_json()
    first, second, _ = document["leaders"]
    assert (first["trial"], first["value"], first["epochs"], first["n"]) == ("0001", 0.9, 2, 2)
    assert first["mean"]["val/accuracy"] == pytest.approx(0.81)
    assert second["std"]["val/accuracy"] == pytest.approx(0.02 / 2**0.5)
    assert second["values"] == [{"val/accuracy": 0.84}, {"val/accuracy": 0.86}]
    winner = document["winner"]
    assert (winner["trial"], winner["chosen_by"], winner["best_observed"]) == (
        "0003", "seeds", "0001",
    )  # fmt: skip
    assert winner["chosen_because"].startswith("best mean over 2 further seeds of 3 leaders")


@pytest.mark.parametrize("stops", [0, 1, 5])
def test_nothing_is_trained_twice_after_a_kill(four, stops):
    with pytest.raises(KeyboardInterrupt):
        opened(four).tell_apart(executor=Again(LUCKY, stops=stops))
    assert len(repeats(four)) == stops
    assert opened(four).winner.id == "0001"  # so far, by the search alone
    executor = Again(LUCKY)
    assert opened(four).tell_apart(executor=executor) == 6 - stops
    assert len(executor.trained) == 6 - stops
    assert len({event[:2] for event in repeats(four)}) == 6
    assert opened(four).winner.id == "0003"


def test_leaders_that_are_told_apart_are_not_trained_again(four):
    opened(four).tell_apart(executor=Again(LUCKY))
    assert opened(four).tell_apart(executor=Again({})) == 0
    before = [*four.run_dir.events()]
    opened(four).refit(executor=Again({}))
    assert len([*four.run_dir.events()]) == len(before) + 1  # the refit alone


def test_a_training_that_failed_leaves_its_leader_without_a_mean(four):
    values = {**LUCKY, "0003": (0.99, TrialFailed("it raised ValueError: no. Nothing is lost."))}
    opened(four).tell_apart(executor=Again(values))
    results = opened(four)
    assert results.winner.id == "0001"
    third = results.leaders[1]
    assert third.spread.mean["val/accuracy"] is None
    assert third.faults == ("it raised ValueError: no",)
    assert results.tell_apart(executor=Again({})) == 0  # it is not tried for ever


def test_a_value_that_is_not_finite_is_not_left_out(four):
    opened(four).tell_apart(executor=Again({**LUCKY, "0003": (0.99, None)}))
    assert opened(four).winner.id == "0001"


def test_of_equal_means_the_search_decides(four):
    even = dict.fromkeys(LUCKY, (0.5, 0.5))
    opened(four).tell_apart(executor=Again(even))
    assert opened(four).winner.id == "0001"


def test_one_seed_has_a_mean_and_no_deviation(tmp_path):
    search = led(tmp_path / "run", top=2, seeds=1).finish()
    opened(search).tell_apart(executor=Again(LUCKY))
    leader = opened(search).leaders[0]
    assert (leader.spread.mean["val/accuracy"], leader.spread.std["val/accuracy"]) == (0.8, None)


def test_a_trial_without_a_model_leads_nobody(tmp_path):
    search = led(tmp_path / "run", top=2)
    search.trial(0.95, keep=False)
    search.finish()
    assert [leader.trial.id for leader in opened(search).leaders] == ["0001", "0003"]


def test_a_search_that_is_extended_trains_the_new_leaders_alone(four):
    opened(four).tell_apart(executor=Again(LUCKY))
    four.extend().trial(0.95)
    four.finish()
    executor = Again({**LUCKY, "0004": (0.5, 0.5)})
    opened(four).tell_apart(executor=executor)
    assert executor.trained == [("0004", 1, 1), ("0004", 2, 1)]
    assert [leader.trial.id for leader in opened(four).leaders] == ["0004", "0001", "0003"]
    assert opened(four).winner.id == "0003"


def test_what_is_trained_again_is_no_epoch_of_the_search(four):
    before = opened(four)
    before.tell_apart(executor=Again(LUCKY))
    after = opened(four)
    assert after.state.trials == before.state.trials
    assert (after.state.epochs, after.state.seconds) == (before.state.epochs, before.state.seconds)
    assert after.state.status is SearchStatus.FINISHED
    told = four.extend().engine  # replays the journal to searcher and scheduler
    assert told.state.trials == before.state.trials


def test_one_who_names_a_trial_gets_it_without_further_trainings(four):
    executor = Again({})
    model = opened(four).refit(trial="2", executor=executor)
    assert (model.trial, executor.trained) == ("0002", [])
    results = opened(four)
    assert (results.winner.id, results.chosen_by(results.winner)) == ("0002", "person")


def test_without_the_section_the_search_decides(tmp_path):
    search = led(tmp_path / "run")
    settings = {**opened(search).state.settings, "select": False}
    search.engine.state.settings = settings
    search.engine.resume(settings=settings)
    search.finish()
    results = opened(search)
    assert (results.leaders, results.tell_apart(executor=Again({}))) == ((), 0)
    assert results.refit(executor=Bytes()).trial == "0001"


def test_of_several_objectives_the_choice_is_among_the_means():
    params = Objective(metric="params", direction="minimize")

    def leader(number, params, *reached):
        last = Measurement(epoch=1, step=1, values={"val/accuracy": 0.9}, seconds=1.0)
        trial = Trial(
            id=f"{number:04d}", number=number, configuration={}, measurements=(last,),
            measures={"params": params},
        )  # fmt: skip
        done = {
            repeat: ev.Measured(
                at=0.0, trial=trial.id, attempt=1, epoch=1, step=1, seconds=1.0, repeat=repeat,
                values={"val/accuracy": value},
            )
            for repeat, value in enumerate(reached, start=1)
        }  # fmt: skip
        return Leader(trial=trial, epochs=1, wanted=(1, 2), done=done)

    leaders = [
        leader(0, 10, 0.5, 0.7),
        leader(1, 90, 0.8, 0.9),
        leader(2, 95, 0.7, 0.9),  # beaten by the one before in both
        leader(3, 5, 0.9, None),
    ]
    first = [
        [t.id for t in by_mean(leaders, [ACCURACY, params], choose={"by": "lexicographic", **more})]
        for more in ({}, {"order": ["params"]})
    ]
    assert first == [["0001", "0002", "0000", "0003"], ["0000", "0001", "0002", "0003"]]


def test_a_repeat_is_an_event_that_older_versions_read_past(four):
    opened(four).tell_apart(executor=Again(LUCKY))
    state = opened(four).state
    for trial, repeat, epoch, _ in repeats(four):
        assert epoch <= state.trials[trial].epochs, repeat
    assert isinstance(state.trials["0003"].last, Measurement)


@pytest.mark.parametrize(
    ("kind", "ids"), [("repeat", ["0004", "0002"]), ("random", ["0004", "0001"])]
)
def test_two_trainings_of_one_configuration_are_one_leader(kind, ids):
    order = [trained(4, 40, 0.9, kind=kind), trained(1, 40, 0.8), trained(2, 60, 0.7)]
    leaders = leaders_of(
        order, select=Select(top=2, seeds=2), repeats={}, objective=ACCURACY, can_win=lambda _: True
    )
    assert [leader.trial.id for leader in leaders] == ids

"""Models of further seeds: which are trained, what a kill leaves, and when they are tested."""

from __future__ import annotations

import json

import pytest
import yaml

from raysearch.errors import ConfigurationError, RunDirectoryError, TrialFailed, Unsupported
from raysearch.results import Results
from raysearch.run_dir import events as ev
from tests.recorded import Bytes, Recorded

FOLDER = "winner/seeds"


class Varies(Bytes):
    """Reaches another value with each seed."""

    def evaluate(self, job, *, checkpoint, split):
        assert checkpoint.read_bytes() == b"model of " + job.trial.encode() + b"+" * job.repeat
        super().evaluate(job, checkpoint=checkpoint, split=split)
        return {"test/accuracy": (0.75, 0.25, 0.5, 1.0)[job.repeat]}


class Fails(Varies):
    """Cannot train one of the seeds."""

    def __init__(self, error, *, repeat):
        super().__init__()
        self.error, self.repeat = error, repeat

    def refit(self, job, *, epochs, path):
        super().refit(job, epochs=epochs, path=path)
        if job.repeat == self.repeat:
            raise self.error


def ended(path, refit):
    search = Recorded(path, refit=refit)
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.trial(0.8)
    return search.finish()


@pytest.fixture
def three(tmp_path):
    """A search whose winner is 0001, to be refitted with three seeds."""
    return ended(tmp_path / "run", {"seeds": 3})


@pytest.fixture
def one(tmp_path):
    """The same with one seed."""
    return ended(tmp_path / "run", True)


def opened(search):
    return Results.open(search.run_dir.path)


def model_of(search):
    results = opened(search)
    return results.model_of(results.winner)


def events(search, *kinds):
    return [event for event in search.run_dir.events() if isinstance(event, kinds)]


def files(search):
    return {p.name: p.read_bytes() for p in sorted((search.run_dir.path / FOLDER).glob("*"))}


def metrics(search):
    return json.loads((search.run_dir.path / "winner/metrics.json").read_text())


# ---- training


def test_each_seed_has_a_model_and_the_first_is_the_winner(three):
    executor, said = Bytes(), []
    model = opened(three).refit(executor=executor, say=said.append)
    assert executor.refits == [("0001", 2)] * 3
    assert executor.repeats == [0, 1, 2]
    assert (three.run_dir.path / "winner/model.ckpt").read_bytes() == b"model of 0001"
    assert files(three) == {"1.ckpt": b"model of 0001+", "2.ckpt": b"model of 0001++"}
    assert (model.n_models, model.seed_bytes, model.is_complete) == (3, (14, 15), True)
    assert model_of(three) == model
    assert said == [
        f"refitting the winner on train + validation data: refit {n} of 3" for n in (1, 2, 3)
    ]
    assert [event.n_models for event in events(three, ev.Refitted)] == [1, 2, 3]
    assert not (three.run_dir.path / "winner/next.ckpt").exists()


def test_config_names_the_files_of_all(three):
    opened(three).refit(executor=Bytes())
    text = (three.run_dir.path / "winner/config.yaml").read_text()
    assert "opened in the same way: seeds/1.ckpt, seeds/2.ckpt\n" in text
    assert yaml.safe_load(text)["seeds"] == ["model.ckpt", "seeds/1.ckpt", "seeds/2.ckpt"]
    assert metrics(three)["refit"]["seeds"] == 3
    assert opened(three).to_json()["winner"]["refit"] == {"epochs": 2, "seeds": 3}


def test_with_one_seed_there_is_no_folder_for_others(one):
    model = opened(one).refit(executor=Bytes())
    assert (model.seeds, model.n_models) == (1, 1)
    assert not (one.run_dir.path / FOLDER).exists()
    text = (one.run_dir.path / "winner/config.yaml").read_text()
    assert yaml.safe_load(text)["seeds"] == ["model.ckpt"]
    assert "other seeds" not in text


def test_only_what_is_missing_is_trained(one):
    opened(one).refit(executor=Bytes())
    executor = Bytes()
    opened(one).refit(executor=executor, seeds=2)
    opened(one).refit(executor=executor, seeds=4)
    opened(one).refit(executor=executor, seeds=3)  # which are there
    opened(one).refit(executor=executor)
    assert executor.repeats == [1, 2, 3]
    assert model_of(one).n_models == 4


@pytest.mark.parametrize("stops", [0, 1, 2])
def test_a_refit_that_is_killed_is_gone_on_with(three, stops):
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Fails(KeyboardInterrupt(), repeat=stops))
    there = model_of(three)
    assert (there.n_models if there else 0) == stops
    executor = Bytes()
    model = opened(three).refit(executor=executor)
    assert executor.repeats == [0, 1, 2][stops:]
    assert (model.n_models, model_of(three)) == (3, model)


@pytest.mark.parametrize("last", ["install_seed", "write_config", "write_metrics"])
def test_a_machine_that_stops_before_the_journal_does_that_model_again(three, monkeypatch, last):
    from raysearch.results import refit_seeds

    step = getattr(refit_seeds, last)

    def stops(*args, **kwargs):
        step(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(refit_seeds, last, stops)
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Bytes())
    monkeypatch.undo()
    assert model_of(three).n_models == 1
    executor = Bytes()
    opened(three).refit(executor=executor)
    assert executor.repeats == [1, 2]


def test_a_call_that_asked_for_more_is_gone_on_with_too(one):
    with pytest.raises(KeyboardInterrupt):
        opened(one).refit(executor=Fails(KeyboardInterrupt(), repeat=1), seeds=3)
    executor = Bytes()
    assert opened(one).refit(executor=executor).n_models == 3
    assert executor.repeats == [1, 2]


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"part")])
def test_a_model_that_is_not_whole_is_trained_again(three, damage):
    opened(three).refit(executor=Bytes())
    damage(three.run_dir.path / FOLDER / "1.ckpt")
    assert model_of(three).n_models == 1
    executor = Bytes()
    assert opened(three).refit(executor=executor).n_models == 3
    assert executor.repeats == [1, 2]  # a gap in the middle: what comes after it, too


def test_another_winner_takes_none_of_the_former_ones_seeds(three):
    opened(three).refit(executor=Bytes())
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(trial="2", executor=Fails(KeyboardInterrupt(), repeat=1))
    assert (model_of(three).trial, model_of(three).n_models) == ("0002", 1)
    assert files(three) == {}
    opened(three).refit(trial="2", executor=Bytes())
    assert files(three) == {"1.ckpt": b"model of 0002+", "2.ckpt": b"model of 0002++"}


def test_again_trains_all_of_them(three):
    executor = Bytes()
    opened(three).refit(executor=executor)
    opened(three).refit(executor=executor, again=True)
    assert executor.repeats == [0, 1, 2, 0, 1, 2]
    opened(three).refit(executor=executor, again=True, seeds=2)
    assert list(files(three)) == ["1.ckpt"]


OUT_OF_MEMORY = TrialFailed("out of memory at 1.5 GB. Kept.")


@pytest.mark.parametrize(
    ("repeat", "there"), [(1, "there is one model only"), (2, "there are 2 models only")]
)
def test_a_seed_that_cannot_be_trained_leaves_those_before_it(three, repeat, there):
    reason = f"refit {repeat + 1} of 3 failed: out of memory at 1.5 GB; {there}"
    model = opened(three).refit(executor=Fails(OUT_OF_MEMORY, repeat=repeat))
    assert (model.n_models, model.seeds_reason, model.is_complete) == (repeat, reason, True)
    assert model.refit
    executor = Varies()
    assert opened(three).refit(executor=executor) == model  # not tried again by itself
    assert opened(three).test(executor=executor).values == {"test/accuracy": 0.75}
    assert executor.repeats == list(range(repeat))
    assert opened(three).to_json()["winner"]["seeds_reason"] == reason
    assert opened(three).refit(executor=executor, seeds=3).n_models == 3  # asked for


def test_a_full_disk_keeps_the_models_before(three):
    full = RunDirectoryError("the disk is full.")
    with pytest.raises(RunDirectoryError, match="disk is full"):
        opened(three).refit(executor=Fails(full, repeat=1))
    assert (model_of(three).n_models, model_of(three).seeds_reason) == (1, "")


def test_where_no_refit_is_possible_there_is_one_model(three):
    refused = Unsupported("MyData has no loader of both. Add one.")
    model = opened(three).refit(executor=Fails(refused, repeat=0))
    assert (model.refit, model.n_models, model.is_complete) == (False, 1, True)
    executor = Bytes()
    opened(three).refit(executor=executor)
    assert executor.refits == []
    outcome = opened(three).test(executor=executor)
    assert (executor.repeats, outcome.spread) == ([0], None)


def test_seeds_are_refused_where_nothing_is_to_be_refitted(tmp_path):
    search = ended(tmp_path / "run", False)
    with pytest.raises(ConfigurationError) as raised:
        opened(search).refit(executor=Bytes(), seeds=3)
    assert "3 seeds are wanted" in str(raised.value)
    assert f"python -m raysearch resume {search.run_dir.path} refit.seeds=3" in str(raised.value)
    assert events(search, ev.Refitted) == []


@pytest.mark.parametrize("seeds", [0, 101, True, 2.0])
def test_a_number_of_seeds_out_of_range_is_refused(one, seeds):
    with pytest.raises(ConfigurationError, match=f"seeds is {seeds!r}.*from 1 to 100"):
        opened(one).refit(executor=Bytes(), seeds=seeds)


# ---- testing


def test_all_models_are_tested_in_one_opening(three):
    opened(three).refit(executor=Bytes())
    executor = Varies()
    outcome = opened(three).test(executor=executor)
    assert executor.repeats == [0, 1, 2]
    opening, tested = events(three, ev.TestOpened, ev.Tested)
    assert not opening.forced
    assert tested.others == ({"test/accuracy": 0.25}, {"test/accuracy": 0.5})
    assert outcome.values == {"test/accuracy": 0.75}
    assert (outcome.spread.n, outcome.spread.added_after_test, outcome.note) == (3, 0, "")
    expected = {
        "n": 3,
        "values": [{"test/accuracy": value} for value in (0.75, 0.25, 0.5)],
        "mean": {"test/accuracy": 0.5},
        "std": {"test/accuracy": 0.25},
        "added_after_test": 0,
    }
    assert metrics(three)["test_seeds"] == expected
    winner = opened(three).to_json()["winner"]
    assert (winner["test"], winner["test_seeds"]) == ({"test/accuracy": 0.75}, expected)
    assert opened(three).test(executor=executor) == outcome
    assert len(executor.tests) == 3  # known, so not tested again


def test_of_one_seed_there_is_no_spread(one):
    opened(one).refit(executor=Bytes())
    assert opened(one).test(executor=Varies()).spread is None
    assert "test_seeds" not in opened(one).to_json()["winner"]
    assert metrics(one)["test_seeds"] is None


def test_a_test_that_fails_for_one_model_shows_nothing_of_the_others(three):
    class Dies(Varies):
        def evaluate(self, job, **asked):
            if job.repeat == 2:
                raise TrialFailed("power cut")
            return super().evaluate(job, **asked)

    opened(three).refit(executor=Bytes())
    with pytest.raises(TrialFailed, match="power cut"):
        opened(three).test(executor=Dies())
    assert events(three, ev.Tested) == []
    assert opened(three).test(executor=Varies()).spread.n == 3


def test_a_test_waits_for_the_models_that_are_still_to_come(three):
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Fails(KeyboardInterrupt(), repeat=1))
    with pytest.raises(ConfigurationError) as raised:
        opened(three).test(executor=Varies())
    run = three.run_dir.path
    assert "1 of 3 models of trial 0001" in str(raised.value)
    assert f"python -m raysearch refit {run}. To do with those that are there: " in str(
        raised.value
    )
    assert str(raised.value).endswith(f"python -m raysearch refit {run} --seeds 1.")
    assert events(three, ev.TestOpened) == []
    assert opened(three).refit(executor=Bytes(), seeds=1).is_complete
    assert opened(three).test(executor=Varies()).values == {"test/accuracy": 0.75}


def test_a_seed_that_is_trained_after_the_test_is_not_tested_unless_forced(one):
    opened(one).refit(executor=Bytes())
    opened(one).test(executor=Bytes())
    opened(one).refit(executor=Bytes(), seeds=3)
    executor = Varies()
    outcome = opened(one).test(executor=executor)
    assert executor.tests == []
    assert (outcome.values, outcome.spread) == ({"test/accuracy": 0.75}, None)
    assert outcome.note == (
        "the models of 2 further seeds were trained after the test split was opened, and not "
        "tested. To open it again for all, which is recorded: "
        f"python -m raysearch test {one.run_dir.path} --force"
    )
    assert opened(one).to_json()["winner"]["test_seeds_reason"] == outcome.note

    forced = opened(one).test(executor=executor, force=True)
    assert (forced.spread.n, forced.spread.added_after_test, forced.note) == (3, 2, "")
    assert [event.forced for event in events(one, ev.TestOpened)] == [False, True]
    assert metrics(one)["test_seeds"]["added_after_test"] == 2
    again = opened(one).test(executor=Varies(), force=True)
    assert again.spread.added_after_test == 2  # what joined late stays late


def test_what_is_not_finite_is_null(three):
    class Diverges(Bytes):
        def evaluate(self, job, **asked):
            return {"test/loss": float("inf") if job.repeat == 1 else 0.5}

    opened(three).refit(executor=Bytes())
    spread = opened(three).test(executor=Diverges()).spread
    assert [values["test/loss"] for values in spread.values] == [0.5, None, 0.5]
    assert (spread.mean, spread.std) == ({"test/loss": None}, {"test/loss": None})
